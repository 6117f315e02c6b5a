import type { Embedding, LogitSlice } from '../chunks.js';
import type { SegmentingDetector } from '../detectors/opened.js';
import type { ScanSignals } from '../detectors/quality/signals.js';
import { GroupMeter } from '../explain/group-meter.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { foregroundOf } from '../maths/volume/overlap.js';
import { SoftConfidence } from '../maths/volume/soft-confidence.js';
import { patchWeights } from '../maths/window/uncertainty-mask.js';
import type { SegmentationPlan } from '../plan.js';

/**
 * Gathers what says how well a scan is segmented while it is segmented: it is shown the slices of
 * logits on the network grid, and the embedding of every patch. Holds three slices.
 */
export class QualitySignals {
  readonly #temperatures: readonly number[];
  readonly #confidence: SoftConfidence;
  readonly #groups: GroupMeter | null;
  #weights: Float64Array | null = null;
  #voxel = 0;

  constructor(
    detector: SegmentingDetector,
    { labels, heads, regionsClassOrder, averages }: SegmentationPlan,
    temperatures: readonly number[],
  ) {
    this.#temperatures = temperatures;
    this.#groups = groupMeterOf(detector);
    this.#confidence = new SoftConfidence({
      heads,
      regions: regionsClassOrder !== null,
      probabilities: averages === 'probabilities',
      // Regions are outputs in their order; classes are outputs by their value.
      labels: foregroundOf(labels).map(({ values }, i) => (regionsClassOrder ? i : values[0])),
      temperatures,
    });
  }

  /** Takes a slice as `assemble` gives it. */
  logits({ data, grid }: LogitSlice): void {
    const [, height, width] = grid.shape;
    this.#voxel = grid.spacing[0] * grid.spacing[1] * grid.spacing[2];
    this.#confidence.push(contiguous(data), [height, width]);
  }

  embedding(embedding: Embedding): void {
    if (!this.#groups) return;
    this.#weights ??= patchWeights(embedding.grid, embedding.tiling);
    this.#groups.push(embedding, this.#weights[embedding.index]);
  }

  /** @param score of the detector, when the scan has ended */
  signals(score: number): ScanSignals {
    return {
      temperatures: this.#temperatures,
      labels: this.#confidence.result().map(({ voxels, ...label }) => ({ ...label, volume: voxels * this.#voxel })),
      score,
      groups: this.#groups?.groups.map(({ z }) => z) ?? [],
    };
  }
}

const groupMeterOf = (detector: SegmentingDetector): GroupMeter | null =>
  detector.kind === 'features' ? GroupMeter.of(detector) : null;

/** The names of the groups whose z a detector gives. */
export const groupNamesOf = (detector: SegmentingDetector): string[] =>
  groupMeterOf(detector)?.groups.map(({ name }) => name) ?? [];
