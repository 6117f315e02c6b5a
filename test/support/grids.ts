import type { Grid, PatchDistance, Scan, Tiling, Triple } from '../../src/chunks.js';
import { patchCount } from '../../src/maths/tiling.js';

/** A scan of the given shape with unit voxels. */
export function scanOf(shape: Triple, name = 'case'): Scan {
  return {
    case: name,
    shape,
    spacing: [1, 1, 1],
    channels: 1,
    affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    geometry: {
      pixdim: [1, 1, 1, 1, 0, 0, 0, 0],
      qformCode: 0,
      sformCode: 1,
      quatern: [0, 0, 0],
      qoffset: [0, 0, 0],
      srow: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
      xyztUnits: 2,
    },
  };
}

/** A grid with everything at rest but what is named: no permutation, no crop, no resampling. */
export function gridOf(scan: Scan, change: Partial<Grid> = {}): Grid {
  return {
    scan,
    shape: scan.shape,
    spacing: scan.spacing,
    channels: 1,
    axes: [0, 1, 2],
    flipped: [false, false, false],
    box: { start: [0, 0, 0], stop: scan.shape },
    separateAxis: null,
    ...change,
  };
}

/** Patch distances in the order in which the patch stage emits patches. */
export function* distancesOf(
  grid: Grid,
  tiling: Tiling,
  distance: (index: number) => number,
): Generator<PatchDistance> {
  const [, rows, columns] = tiling.origins.map((o) => o.length);
  for (let index = 0; index < patchCount(tiling); index++) {
    const tile: Triple = [Math.floor(index / (rows * columns)), Math.floor(index / columns) % rows, index % columns];
    yield { grid, tiling, index, tile, distance: distance(index) };
  }
}
