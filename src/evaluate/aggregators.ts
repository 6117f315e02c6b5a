import type { VoxelSet } from '../detectors/outputs/output-method.js';

/** How the distances of a scan's patches, or the uncertainties of its voxels, become its score. */
export interface Aggregator {
  /**
   * The name of a set of voxels, where it is a mean over one: then it applies to outputs as well.
   */
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  /** Whether it looks where the network predicts something. */
  readonly predicted: boolean;
  /**
   * @param distances one a patch
   * @param weights how much each patch counts in the mean of the mask over a set of voxels
   */
  of(distances: Float64Array, weights: Readonly<Record<VoxelSet, readonly number[]>>): number;
}

const over =
  (set: VoxelSet): Aggregator['of'] =>
  (distances, weights) =>
    distances.reduce((sum, d, i) => sum + d * weights[set][i], 0);

/** Share of the patches that `top` takes. */
const TOP = 0.1;

/** The first is the default, and what `score` does. */
export const AGGREGATORS: readonly Aggregator[] = [
  {
    name: 'mean',
    title: 'mean',
    predicted: false,
    formula: 'mean of the mask over the scan (the paper)',
    of: over('mean'),
  },
  {
    name: 'foreground',
    title: 'predicted foreground',
    predicted: true,
    formula: 'mean of the mask over the voxels that are predicted as foreground; over all where there are none',
    of: over('foreground'),
  },
  {
    name: 'interior',
    title: 'foreground without its boundary',
    predicted: true,
    formula: 'the same without voxels that border, in the plane, on another prediction',
    of: over('interior'),
  },
  {
    name: 'worst',
    title: 'worst patch',
    predicted: false,
    formula: 'the largest distance of a patch',
    of: (distances) => distances.reduce((most, d) => Math.max(most, d), Number.NEGATIVE_INFINITY),
  },
  {
    name: 'top',
    title: 'worst tenth',
    predicted: false,
    formula: 'mean of the largest tenth of the distances, one at least',
    of(distances) {
      const largest = distances.toSorted().subarray(-Math.max(1, Math.round(TOP * distances.length)));
      return largest.reduce((sum, d) => sum + d, 0) / largest.length;
    },
  },
];
