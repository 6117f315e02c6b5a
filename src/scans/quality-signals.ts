import type { LogitSlice } from '../chunks.js';
import type { ScanSignals } from '../detectors/quality/signals.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { foregroundOf } from '../maths/volume/overlap.js';
import { SoftConfidence } from '../maths/volume/soft-confidence.js';
import type { SegmentationPlan } from '../plan.js';

/**
 * Gathers what says how well a scan is segmented while it is segmented: it is shown the slices of
 * logits on the network grid. Holds three slices.
 */
export class QualitySignals {
  readonly #temperatures: readonly number[];
  readonly #confidence: SoftConfidence;
  /** mm^3. */
  #voxel = 0;

  constructor({ labels, heads, regionsClassOrder, averages }: SegmentationPlan, temperatures: readonly number[]) {
    this.#temperatures = temperatures;
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

  /** @param score of the detector, when the scan has ended */
  signals(score: number): ScanSignals {
    const labels = this.#confidence.result();
    return {
      temperatures: this.#temperatures,
      labels: labels.map(({ voxels, confidence, entropy }) => ({ confidence, entropy, volume: voxels * this.#voxel })),
      score,
    };
  }
}
