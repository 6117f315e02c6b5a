import type { Activation, Embedding } from '../chunks.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { averagePool, channelMeans } from '../maths/window/pool.js';
import { type Stage, stage } from './stage.js';

/**
 * Activations to embeddings: average pooling (kernel 2, stride 2, an axis of 1 left alone) repeated
 * until there are fewer than 1e4 elements, flattened. A network whose tap has 1e4 channels and no
 * spatial extent left is flattened as it is. The mean of every channel comes along.
 */
export function pool(): Stage<Activation, Embedding> {
  return stage(
    { name: 'pool' },
    {
      *transform({ data, grid, tiling, index, tile, measured }) {
        const activation = contiguous(data);
        yield {
          grid,
          tiling,
          index,
          tile,
          vector: averagePool(activation, data.shape),
          channelMeans: channelMeans(activation, data.shape[0]),
          ...(measured && { measured }),
        };
      },
    },
  );
}
