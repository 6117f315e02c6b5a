import type { Activation } from '../chunks.js';
import { type Cover, coverOf } from '../maths/window/cover.js';
import { type Stage, stage } from './stage.js';

/**
 * Activations of every patch of a sliding window to those of as few patches as cover the grid
 * (`coverOf`), as if `patch({ tiles: 'cover' })` had cut no others.
 */
export function thin(): Stage<Activation, Activation> {
  let cover: Cover | null = null;
  let index = 0;
  return stage<Activation, Activation>(
    { name: 'thin' },
    {
      *transform(activation) {
        cover ??= coverOf(activation.tiling);
        const tile = cover.find(activation.tile);
        if (tile) yield { ...activation, tiling: cover.tiling, tile, index: index++ };
      },
    },
  );
}
