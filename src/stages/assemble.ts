import ndarray from 'ndarray';
import type { Grid, LogitSlice, Prediction } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { LogitSlab } from '../maths/window/logit-slab.js';
import { type Stage, stage } from './stage.js';

/**
 * Logits of overlapping patches to slices of logits on the network grid, each as soon as the last
 * patch that touches it has come: weighted with nnU-Net's Gaussian and divided by the summed
 * weights. Holds as many slices as a patch is deep, [class, y, x] each.
 *
 * @throws SegcanaryError `truncated` when the input ends before every patch has come
 */
export function assemble(): Stage<Prediction, LogitSlice> {
  let slab: LogitSlab | null = null;
  let grid: Grid | null = null;
  return stage<Prediction, LogitSlice>(
    { name: 'assemble' },
    {
      *transform(prediction) {
        const { tiling, logits } = prediction;
        const [classes] = logits.shape;
        grid ??= prediction.grid;
        slab ??= new LogitSlab(grid.shape, tiling, classes!);
        const [, height, width] = grid.shape;
        for (const [z, data] of slab.push(prediction.tile, contiguous(logits))) {
          yield { grid, tiling, z, data: ndarray(data, [classes!, height, width]) };
        }
      },
      *flush() {
        if (slab && grid && slab.remaining > 0) {
          throw new SegcanaryError(
            'truncated',
            `the patches ended before ${slab.remaining} slices of logits were covered.`,
            { subject: grid.scan.case },
          );
        }
      },
      close() {
        slab = null;
      },
    },
  );
}
