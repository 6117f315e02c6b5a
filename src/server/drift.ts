import { type DriftState, DriftStream } from '../drift/stream.js';
import type { Metrics } from './metrics.js';
import type { ServedDetector } from './served.js';
import type { ScanStore, SeriesOf } from './store.js';

/**
 * The drift tests of a server: one for each detector over all its scans, one for each of its sites
 * and one for each scanner. Brought back from the store at the start.
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
      const sources = (['site', 'scanner'] as const).flatMap((kind) =>
        store.sources(id, kind).map((name): SeriesOf => ({ [kind]: name })),
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
    const series: SeriesOf[] = [{}, ...(site ? [{ site }] : []), ...(scanner ? [{ scanner }] : [])];
    for (const of of series) {
      const stream = this.#stream(served, of);
      stream.add({ id: scan, at, score });
      this.#show(served, of, stream);
    }
  }

  /** The test over all scans of a detector, or over those of one site or scanner. */
  state(served: ServedDetector, of: SeriesOf): DriftState {
    return this.#stream(served, of).state;
  }

  #stream({ detector }: ServedDetector, { site, scanner }: SeriesOf): DriftStream {
    const { id, description } = detector;
    // No site has a slash in it.
    const name = scanner ? `${id}//${scanner}` : `${id}/${site ?? ''}`;
    let stream = this.#streams.get(name);
    if (!stream) {
      const calibration = description.calibration?.cases.map(({ score }) => score) ?? [];
      stream = new DriftStream({ calibration, name, level: this.#level });
      this.#streams.set(name, stream);
    }
    return stream;
  }

  #show({ name }: ServedDetector, of: SeriesOf, stream: DriftStream): void {
    this.#metrics.drift(name, of, stream.state);
  }
}
