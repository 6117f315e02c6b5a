import { SegcanaryError } from '../errors.js';
import { fitGaussian, type GaussianFit } from './fit-gaussian.js';
import { squaredDistance } from './gaussian.js';
import type { FeatureBlock, FitContext } from './method.js';

/** A Gaussian and how far each training row lies from one that has not seen its scan. */
export interface CrossFit {
  readonly fit: GaussianFit;
  /** [n]: ln(D^2 / d) of every row, in the order of the blocks. */
  readonly logDistances: Float64Array;
}

/**
 * Fits a Gaussian to all rows, and one without each fold in turn, by which the rows of that fold
 * are judged: what a Gaussian has seen lies too near to it, the more so the fewer rows there are.
 *
 * @throws SegcanaryError `fit-failed` where a fold is everything, and as `fitGaussian`
 */
export async function crossFit(blocks: () => AsyncIterable<FeatureBlock>, context: FitContext): Promise<CrossFit> {
  const rowsOfFold = new Map<number, number>();
  for await (const { n, scan } of blocks()) rowsOfFold.set(scan?.fold ?? 0, (rowsOfFold.get(scan?.fold ?? 0) ?? 0) + n);
  const n = [...rowsOfFold.values()].reduce((sum, rows) => sum + rows, 0);
  if ([...rowsOfFold.values()].some((rows) => n - rows < 2))
    throw new SegcanaryError(
      'fit-failed',
      'What this detector calls far it learns from scans that it leaves out in turn, for which there are too few patients; give more training scans, or fit another detector.',
    );
  const logDistances = new Float64Array(n);
  for (const fold of rowsOfFold.keys()) {
    const gaussian = await fitGaussian(() => of(blocks(), (other) => other !== fold), context);
    let row = 0;
    for await (const block of blocks()) {
      const { rows, n: count, d } = block;
      const judged = (block.scan?.fold ?? 0) === fold;
      for (let i = 0; judged && i < count; i++)
        logDistances[row + i] = logDistance(gaussian, rows.subarray(i * d, (i + 1) * d));
      row += count;
    }
  }
  return { fit: await fitGaussian(blocks, context), logDistances };
}

/** ln(D^2 / d): 0 about where rows of the training lie, whatever d is. */
export const logDistance = (gaussian: Parameters<typeof squaredDistance>[0], row: Float32Array | Float64Array) =>
  Math.log(Math.max(squaredDistance(gaussian, row), Number.MIN_VALUE) / gaussian.d);

async function* of(
  blocks: AsyncIterable<FeatureBlock>,
  wanted: (fold: number) => boolean,
): AsyncGenerator<FeatureBlock> {
  for await (const block of blocks) if (wanted(block.scan?.fold ?? 0)) yield block;
}
