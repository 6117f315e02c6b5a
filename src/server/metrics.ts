import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { DriftState } from '../drift/stream.js';
import type { SubjectScore } from '../results.js';
import type { Places } from './queue.js';
import type { ServedDetector } from './served.js';
import type { SeriesOf } from './store.js';

/** Seconds of scans, from a thumbnail to a whole body on a small machine. */
const SECONDS = [0.5, 1, 2, 5, 10, 20, 40, 60, 120, 300, 600, 1800, 3600];

/** What operators watch, in Prometheus' format. */
export class Metrics {
  readonly registry = new Registry();
  readonly #scans = new Counter({
    name: 'segcanary_scans_total',
    help: 'Scans that have ended, by how: done, or the code of the error.',
    labelNames: ['detector', 'outcome'],
    registers: [this.registry],
  });
  readonly #verdicts = new Counter({
    name: 'segcanary_verdicts_total',
    help: 'Verdicts.',
    labelNames: ['detector', 'verdict'],
    registers: [this.registry],
  });
  readonly #refused = new Counter({
    name: 'segcanary_refused_total',
    help: 'Scans that were refused because the queue was full.',
    registers: [this.registry],
  });
  readonly #seconds = new Histogram({
    name: 'segcanary_scan_seconds',
    help: 'Seconds from the first byte that is read of a scan to its result.',
    labelNames: ['detector'],
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly #waited = new Histogram({
    name: 'segcanary_wait_seconds',
    help: 'Seconds that a scan waited for its turn.',
    buckets: SECONDS,
    registers: [this.registry],
  });
  readonly #scores = new Map<string, Histogram>();
  readonly #drift = new Gauge({
    name: 'segcanary_drift_log10',
    help: 'Decimal logarithm of the test martingale; site "" and scanner "" are all of them.',
    labelNames: ['detector', 'site', 'scanner'],
    registers: [this.registry],
  });
  readonly #alarm = new Gauge({
    name: 'segcanary_drift_alarm',
    help: '1 where the test martingale has ever reached one over its level.',
    labelNames: ['detector', 'site', 'scanner'],
    registers: [this.registry],
  });
  /** Null before there was any. */
  #usual: number | null = null;

  constructor(detectors: Iterable<ServedDetector>, places: Pick<Places, 'waiting' | 'running'>) {
    collectDefaultMetrics({ register: this.registry });
    new Gauge({
      name: 'segcanary_queue_length',
      help: 'Scans that wait for their turn or are being uploaded for it.',
      registers: [this.registry],
      collect() {
        this.set(places.waiting);
      },
    });
    new Gauge({
      name: 'segcanary_scans_running',
      help: 'Scans that are being scored.',
      registers: [this.registry],
      collect() {
        this.set(places.running);
      },
    });
    for (const { name, detector } of detectors)
      this.#scores.set(name, this.#scoreHistogram(name, detector.description.calibration));
  }

  /**
   * Buckets follow the detector's own scale: the quartiles and the boundary of its calibration, and
   * what lies beyond.
   */
  #scoreHistogram(
    detector: string,
    calibration: {
      readonly cases: readonly { readonly score: number }[];
      readonly min: number;
      readonly max: number;
      readonly boundary: { readonly conformal: number };
    } | null,
  ): Histogram {
    const buckets = new Set<number>();
    if (calibration) {
      const { cases, min, max, boundary } = calibration;
      const width = max - min || Math.abs(max) || 1;
      for (const q of [0, 0.25, 0.5, 0.75]) buckets.add(cases[Math.floor(q * (cases.length - 1))].score);
      for (const bound of [
        boundary.conformal,
        max,
        max + width / 2,
        max + width,
        max + 2 * width,
        max + 5 * width,
        max + 10 * width,
      ])
        buckets.add(bound);
    }
    // One histogram a detector, because each has buckets of its own.
    let name = `segcanary_score_${detector.replace(/[^A-Za-z0-9_]/g, '_')}`;
    while (this.registry.getSingleMetric(name)) name += '_';
    return new Histogram({
      name,
      help: `Scores of the detector ${detector}, in buckets of its calibration.`,
      buckets: calibration ? [...buckets].sort((a, b) => a - b) : [0, 1, 10, 100, 1000],
      registers: [this.registry],
    });
  }

  /** Seconds of the last scans, for saying when to come again. */
  get usualSeconds(): number {
    return this.#usual ?? 10;
  }

  waited(ms: number): void {
    this.#waited.observe(ms / 1000);
  }

  finished({ name: detector }: ServedDetector, score: SubjectScore | null, seconds: number): void {
    this.#usual = 0.8 * (this.#usual ?? seconds) + 0.2 * seconds;
    this.#scans.inc({ detector, outcome: 'done' });
    this.#seconds.observe({ detector }, seconds);
    if (!score) return;
    this.#verdicts.inc({ detector, verdict: score.verdict });
    this.#scores.get(detector)?.observe(score.score);
  }

  failed({ name: detector }: ServedDetector, code: string): void {
    this.#scans.inc({ detector, outcome: code });
  }

  refused(): void {
    this.#refused.inc();
  }

  drift(detector: string, { site, scanner }: SeriesOf, { log10, alarm }: DriftState): void {
    // An empty label is none to Prometheus: series of sites are what they were.
    const labels = { detector, site: site ?? '', ...(scanner && { scanner }) };
    this.#drift.set(labels, log10);
    this.#alarm.set(labels, Number(alarm));
  }
}
