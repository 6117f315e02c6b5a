import type { PredictedRegion } from '../../maths/volume/predicted-region.js';
import type { Passes } from '../../network/sampler.js';

/** What the slices of a network's outputs are. */
export interface OutputContext {
  /** Logits of a voxel: classes, or regions. */
  readonly classes: number;
  readonly regions: boolean;
}

/**
 * Which voxels a mean is taken over: all, those predicted as foreground, or those of them that are
 * not at a boundary.
 */
export type VoxelSet = 'mean' | 'foreground' | 'interior';

/** Reads one scan's aggregated logits, slice by slice. */
export interface OutputMeter {
  /**
   * @param passes logits [class, y, x] of each pass, in C order; not to be written to
   * @param predicted what the plain pass predicts
   */
  push(passes: readonly Float32Array[], predicted: PredictedRegion): void;
  /**
   * The subject scores: higher is more suspicious. A method that is no mean over voxels has `mean`
   * alone; a scan without voxels in a set has the score of the next larger set there.
   */
  values(): Partial<Record<VoxelSet, number>>;
}

/**
 * A method that judges a scan by what the network says, patches aggregated with the Gaussian as for
 * a segmentation, on the network's grid. One file each in `outputs/`, and one line in
 * `outputs/registry.ts`.
 */
export interface OutputMethod {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  readonly source: string;
  /** Which passes it needs. */
  readonly passes: Passes;
  meter(context: OutputContext): OutputMeter;
}
