import fc from 'fast-check';
import type { Grid, PatchDistance, Scan, Tiling, Triple } from '../../src/chunks.js';
import type { NiftiGeometry } from '../../src/formats/nifti/geometry.js';
import { patchCount } from '../../src/maths/window/tiling.js';

/** Every order of three axes. */
export const AXIS_ORDERS: readonly Triple[] = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
];

const header: NiftiGeometry = {
  format: 'nifti',
  pixdim: [1, 1, 1, 1, 0, 0, 0, 0],
  qformCode: 0,
  sformCode: 1,
  quatern: [0, 0, 0],
  qoffset: [0, 0, 0],
  srow: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
  xyztUnits: 2,
};

/** A scan of the given shape with unit voxels. */
export function scanOf(shape: Triple, name = 'case'): Scan {
  return {
    case: name,
    shape,
    spacing: [1, 1, 1],
    channels: 1,
    affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    placed: true,
    header,
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

/** Three numbers from one range. */
export const triple = (min: number, max: number): fc.Arbitrary<Triple> => {
  const n = fc.integer({ min, max });
  return fc.tuple(n, n, n);
};

/**
 * Grids of every kind that the stages make: axes permuted and flipped, cropped, resampled, one axis
 * maybe by the nearest neighbour.
 */
export const anyGrid: fc.Arbitrary<Grid> = fc
  .record({
    shape: triple(1, 24),
    box: triple(1, 16),
    start: triple(0, 4),
    margin: triple(0, 3),
    axes: fc.constantFrom<Triple[]>([0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]),
    flipped: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    separateAxis: fc.constantFrom<(0 | 1 | 2 | null)[]>(null, 0, 1, 2),
  })
  .map(({ shape, box, start, margin, axes, flipped, separateAxis }) => {
    const stop: Triple = [start[0] + box[0], start[1] + box[1], start[2] + box[2]];
    const scanShape: [number, number, number] = [0, 0, 0];
    for (const a of [0, 1, 2] as const) scanShape[axes[a]] = stop[a] + margin[a];
    return gridOf(scanOf(scanShape), { shape, axes, flipped, box: { start, stop }, separateAxis });
  });
