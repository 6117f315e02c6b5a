import type { Grid, Tiling } from '../chunks.js';
import type { CachedEmbeddings } from '../detectors/embedding-cache.js';
import { SegcanaryError } from '../errors.js';
import { stackRows } from '../maths/linalg/stack.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { IntensityHistogram } from '../maths/volume/histogram.js';
import { coverWeights, patchWeights } from '../maths/window/uncertainty-mask.js';
import type { EmbeddingOptions } from '../pipeline.js';
import { embedScan } from '../scans/embed.js';
import type { ScanOptions } from '../scans/run.js';
import type { ScanInput } from './inputs.js';
import { openInput } from './open-input.js';

/**
 * Embeds one scan and keeps the features of all its patches.
 *
 * @throws SegcanaryError whatever is wrong with the scan; `inference-failed` for NaN or infinity
 *   among the features
 */
export async function embedInput(
  input: ScanInput,
  options: Omit<ScanOptions, 'case' | 'file'> & EmbeddingOptions,
): Promise<CachedEmbeddings> {
  const vectors: Float32Array[] = [];
  const means: Float32Array[] = [];
  const measurements: Float32Array[] = [];
  const histogram = new IntensityHistogram(options.plan.channels.length);
  let weights: Pick<CachedEmbeddings, 'weights' | 'cover'> = { weights: none, cover: none };
  await embedScan(await openInput(input, options.plan, options.limits, options.signal), {
    ...options,
    case: input.case,
    file: input.file,
    onPrepared: ({ data }) => histogram.push(contiguous(data)),
    onEmbedding: ({ vector, channelMeans, measured, index, grid, tiling }) => {
      if (index === 0) weights = weightsOf(grid, tiling);
      // Kept out of the cache, and of the fit, which one such value would spoil for every scan.
      if (!vector.every(Number.isFinite) || measured?.every(Number.isFinite) === false) {
        throw new SegcanaryError(
          'inference-failed',
          `the network gives NaN or infinity for patch ${index}; check the intensities of the scan.`,
          { subject: input.file },
        );
      }
      vectors.push(vector);
      means.push(channelMeans);
      measurements.push(measured ?? new Float32Array(0));
    },
  });
  return {
    rows: stackRows(vectors),
    means: stackRows(means),
    measured: stackRows(measurements),
    ...weights,
    histogram: Float32Array.from(histogram.shares),
    n: vectors.length,
    d: vectors[0].length,
    c: means[0].length,
    m: measurements[0].length,
  };
}

const none = new Float32Array(0);

/** How much every patch counts: among all, and among those that cover the grid. */
export function weightsOf(grid: Grid, tiling: Tiling): Pick<CachedEmbeddings, 'weights' | 'cover'> {
  return {
    weights: Float32Array.from(patchWeights(grid, tiling)),
    cover: Float32Array.from(coverWeights(grid, tiling)),
  };
}
