import { argmaxLabels } from './labels.js';

/** Voxels of a slice that a network has given a label. */
export interface PredictedRegion {
  /** [y, x]: 1 where any foreground label, or region, is predicted. */
  readonly foreground: Uint8Array;
  /** The same without the voxels that border, in the plane, on another prediction. */
  readonly interior: Uint8Array;
}

/**
 * What a slice of logits predicts, and where it is not at a boundary: networks are unsure at every
 * boundary, right or wrong (Zenk et al. 2025; Jungo et al. 2020). Neighbours are the four of the
 * plane; the rim of the slice is no boundary.
 *
 * @param logits [class, y, x], or [region, y, x]
 * @param width of the slice
 */
export function predictedRegion(
  logits: Float32Array,
  classes: number,
  width: number,
  regions: boolean,
): PredictedRegion {
  const plane = logits.length / classes;
  const predicted = regions ? regionSets(logits, classes, plane) : argmaxLabels(logits, new Uint16Array(plane));
  const foreground = Uint8Array.from(predicted, (p) => (p > 0 ? 1 : 0));
  const interior = foreground.slice();
  for (let i = 0; i < plane; i++) {
    if (interior[i] === 0) continue;
    const p = predicted[i];
    const x = i % width;
    const differs =
      (x > 0 && predicted[i - 1] !== p) ||
      (x < width - 1 && predicted[i + 1] !== p) ||
      (i >= width && predicted[i - width] !== p) ||
      (i + width < plane && predicted[i + width] !== p);
    if (differs) interior[i] = 0;
  }
  return { foreground, interior };
}

/** The set of regions that a voxel is in, as bits. */
function regionSets(logits: Float32Array, regions: number, plane: number): Uint16Array {
  const sets = new Uint16Array(plane);
  for (let r = 0; r < regions; r++)
    for (let i = 0; i < plane; i++) if (logits[r * plane + i] > 0) sets[i] |= 1 << (r % 16);
  return sets;
}
