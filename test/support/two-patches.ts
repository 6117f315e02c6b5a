import ndarray from 'ndarray';
import type { Patch } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import type { PatchPredictor } from '../../src/stages/predict.js';
import { gridOf, scanOf } from './grids.js';

export const grid = gridOf(scanOf([1, 1, 6]));

/** Patches of 4 at 0 and 2. */
export const tiling = layTiles(grid.shape, [1, 1, 4], 0.5);

export const patches = (): Patch[] =>
  [0, 1].map((index) => ({
    grid,
    tiling,
    index,
    tile: [0, 0, index],
    data: ndarray(
      Float32Array.of(1, 2, 3, 4).map((v) => v + 10 * index),
      [1, 1, 1, 4],
    ),
  }));

/** Predicts patches, and remembers what it was asked. */
export type AskedPredictor = PatchPredictor & { readonly asked: [number, readonly number[]][] };

/**
 * A network of two classes whose logits are the patch and its negative; it takes longer for the
 * first patch than for the second.
 */
export const slowFirst = (): AskedPredictor => ({
  asked: [],
  async predict(data, shape, index = -1) {
    this.asked.push([index, shape]);
    await new Promise((resolve) => setTimeout(resolve, 10 * (1 - index)));
    return {
      logits: { data: Float32Array.of(...data, ...data.map((v) => -v)), shape: [2, 1, 1, 4] },
      activation: index === 0 ? { data: Float32Array.of(5, 6), shape: [2, 1, 1, 1] } : null,
      ...(index === 0 && { measured: Float32Array.of(7) }),
    };
  },
});
