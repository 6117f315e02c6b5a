import type { Patch, Slice, Tiles, Triple } from '../chunks.js';
import { refuseHugeWindow } from '../maths/volume/grid-limits.js';
import { coverOf } from '../maths/window/cover.js';
import { PatchSlab } from '../maths/window/patch-slab.js';
import { layTiles } from '../maths/window/tiling.js';
import { SliceOrder } from './slice-order.js';
import { type Stage, stage } from './stage.js';

export interface PatchOptions {
  /** Voxels of a patch along [z, y, x] of the network grid. */
  readonly patchSize: Triple;
  /** Distance between patches as a fraction of the patch, in (0, 1]. @default 0.5 */
  readonly stepSize?: number;
  /**
   * `cover`: only as few of the patches as leave no voxel out, an eighth of them at half overlap.
   * @default 'all'
   */
  readonly tiles?: Tiles | undefined;
}

/**
 * Slices of the network grid to nnU-Net's sliding-window patches, in C order of their tiles.
 *
 * Holds a ring of `patchSize[0]` slices and nothing more. A grid smaller than the patch is padded
 * with 0, centred. Source: nnunetv2 sliding_window_prediction.py, acvl_utils pad_nd_image.
 *
 * @throws SegcanaryError `usage` for a step outside (0, 1], `scan-unsuitable` for patches or a
 *   number of them beyond all memory, `truncated` when the input ends before the grid does
 */
export function patch(options: PatchOptions): Stage<Slice, Patch> {
  const { patchSize, stepSize = 0.5, tiles = 'all' } = options;
  let slab: PatchSlab | null = null;
  const order = new SliceOrder('patch');
  return stage<Slice, Patch>(
    { name: 'patch' },
    {
      *transform(slice) {
        if (slab === null) {
          refuseHugeWindow(slice.grid, patchSize, stepSize);
          const tiling = layTiles(slice.grid.shape, patchSize, stepSize);
          slab = new PatchSlab(slice.grid, tiles === 'cover' ? coverOf(tiling).tiling : tiling);
        }
        order.take(slice);
        yield* slab.push(slice);
      },
      flush() {
        order.end();
        return [];
      },
      close() {
        slab = null;
      },
    },
  );
}
