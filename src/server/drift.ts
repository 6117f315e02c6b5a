import { type DriftState, DriftStream } from '../drift/stream.js';
import type { Metrics } from './metrics.js';
import type { ServedDetector } from './served.js';
import type { ScanStore } from './store.js';

/**
 * The drift tests of a server: one for each detector over all its scans, and one for each of its
 * sites. Brought back from the store at the start.
 */
export class DriftMonitor {
  readonly #streams = new Map<string, DriftStream>();
  readonly #metrics: Metrics;
  readonly #level: number;

  constructor(
    detectors: Iterable<ServedDetector>,
    { store, metrics, level }: { readonly store: ScanStore; readonly metrics: Metrics; readonly level: number },
  ) {
    this.#metrics = metrics;
    this.#level = level;
    for (const served of detectors) {
      const { id } = served.detector;
      for (const site of [null, ...store.sites(id)]) {
        const stream = this.#stream(served, site);
        for (const point of store.eachScore(id, site)) stream.add(point);
        this.#show(served, site, stream);
      }
    }
  }

  /** A scan has ended with a score. */
  add(scan: string, served: ServedDetector, site: string | null, score: number): void {
    if (!Number.isFinite(score)) return;
    const at = new Date().toISOString();
    for (const series of site === null ? [null] : [null, site]) {
      const stream = this.#stream(served, series);
      stream.add({ id: scan, at, score });
      this.#show(served, series, stream);
    }
  }

  /** The test over all scans of a detector, or over those of one site. */
  state(served: ServedDetector, site: string | null): DriftState {
    return this.#stream(served, site).state;
  }

  #stream({ detector }: ServedDetector, site: string | null): DriftStream {
    const { id, description } = detector;
    const name = `${id}/${site ?? ''}`;
    let stream = this.#streams.get(name);
    if (!stream) {
      const calibration = description.calibration?.cases.map(({ score }) => score) ?? [];
      stream = new DriftStream({ calibration, name, level: this.#level });
      this.#streams.set(name, stream);
    }
    return stream;
  }

  #show({ name }: ServedDetector, site: string | null, stream: DriftStream): void {
    this.#metrics.drift(name, site, stream.state);
  }
}
