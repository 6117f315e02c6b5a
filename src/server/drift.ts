import { type DriftState, DriftStream } from '../drift/stream.js';
import type { Metrics } from './metrics.js';
import type { ServedDetector } from './served.js';
import type { ScanStore, SeriesOf } from './store.js';

/** What scans come from. */
type SourceKind = 'site' | 'scanner';

/**
 * Sites, and scanners, of a detector that have a test of their own: what they are called comes with
 * the scans, and whoever sends a new name with each would make memory and metrics grow for ever.
 */
const MOST_SOURCES = 1000;

/** What a monitor shares with the rest of the server. */
export interface DriftMonitorOptions {
  readonly store: ScanStore;
  readonly metrics: Metrics;
  readonly level: number;
  readonly log?: { warn(message: string): void } | undefined;
  /** Sites, and scanners, of a detector that have a test of their own. @default 1000 */
  readonly most?: number | undefined;
}

/**
 * The drift tests of a server: one for each detector over all its scans, one for each of its sites
 * and one for each scanner, as they were first seen, up to a bound: scans of others count in the
 * first alone. Brought back from the store at the start.
 */
export class DriftMonitor {
  readonly #streams = new Map<string, DriftStream>();
  /** Sites and scanners that are watched, by detector. */
  readonly #sources = new Map<string, Set<string>>();
  /** Where a source was left out, and that was said. */
  readonly #full = new Set<string>();
  readonly #metrics: Metrics;
  readonly #level: number;
  readonly #most: number;
  readonly #log: DriftMonitorOptions['log'];

  constructor(detectors: Iterable<ServedDetector>, options: DriftMonitorOptions) {
    const { store, metrics, level, log, most = MOST_SOURCES } = options;
    this.#metrics = metrics;
    this.#level = level;
    this.#most = most;
    this.#log = log;
    for (const served of detectors) {
      const { id } = served.detector;
      const sources = (['site', 'scanner'] as const).flatMap((kind) =>
        store
          .sources(id, kind)
          .flatMap((name): SeriesOf[] => (this.#watches(served, kind, name) ? [{ [kind]: name }] : [])),
      );
      for (const of of [{}, ...sources]) {
        const stream = this.#stream(served, of);
        for (const point of store.eachScore(id, of)) stream.add(point);
        this.#show(served, of, stream);
      }
    }
  }

  /** A scan has ended with a score. */
  add(scan: string, served: ServedDetector, { site, scanner }: SeriesOf, score: number): void {
    if (!Number.isFinite(score)) return;
    const at = new Date().toISOString();
    const series: SeriesOf[] = [
      {},
      ...(site && this.#watches(served, 'site', site) ? [{ site }] : []),
      ...(scanner && this.#watches(served, 'scanner', scanner) ? [{ scanner }] : []),
    ];
    for (const of of series) {
      const stream = this.#stream(served, of);
      stream.add({ id: scan, at, score });
      this.#show(served, of, stream);
    }
  }

  /**
   * The test over all scans of a detector, or over those of one site or scanner; one that nothing
   * has come from, or that is not watched, has seen nothing.
   */
  state(served: ServedDetector, of: SeriesOf): DriftState {
    return (this.#streams.get(nameOf(served, of)) ?? this.#newStream(served, of)).state;
  }

  /** Sites or scanners of a detector that have a test of their own, in the order of letters. */
  sources({ detector }: ServedDetector, kind: SourceKind): string[] {
    return [...(this.#sources.get(`${detector.id}/${kind}`) ?? [])].sort();
  }

  /** Whether a source is watched by itself; a new one is, where there is room. */
  #watches({ name, detector }: ServedDetector, kind: SourceKind, source: string): boolean {
    const key = `${detector.id}/${kind}`;
    const watched = this.#sources.get(key) ?? new Set<string>();
    this.#sources.set(key, watched);
    if (watched.has(source)) return true;
    if (watched.size >= this.#most) {
      if (!this.#full.has(key))
        this.#log?.warn(
          `${name} has seen ${this.#most} ${kind}s, and drift is watched for no more of them by themselves; what comes from others counts among all scans.`,
        );
      this.#full.add(key);
      return false;
    }
    watched.add(source);
    return true;
  }

  #stream(served: ServedDetector, of: SeriesOf): DriftStream {
    const name = nameOf(served, of);
    let stream = this.#streams.get(name);
    if (!stream) {
      stream = this.#newStream(served, of);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  #newStream(served: ServedDetector, of: SeriesOf): DriftStream {
    const calibration = served.detector.description.calibration?.cases.map(({ score }) => score) ?? [];
    return new DriftStream({ calibration, name: nameOf(served, of), level: this.#level });
  }

  #show({ name }: ServedDetector, of: SeriesOf, stream: DriftStream): void {
    this.#metrics.drift(name, of, stream.state);
  }
}

/** No site has a slash in it. */
const nameOf = ({ detector: { id } }: ServedDetector, { site, scanner }: SeriesOf): string =>
  scanner ? `${id}//${scanner}` : `${id}/${site ?? ''}`;
