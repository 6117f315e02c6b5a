import { SegcanaryError } from '../../errors.js';
import { Moments } from '../../maths/moments.js';
import { trace } from '../../maths/symmetric.js';
import { type TopEigen, topEigen } from '../../maths/top-eigen.js';
import type { FeatureBlock, FitContext } from '../method.js';

/** Dimensions of the principal subspace, or half of the directions in which the training patches moved where that is less. */
const DIMENSIONS = 64;

export interface Principal extends TopEigen {
  readonly mean: Float64Array;
  readonly n: number;
  readonly d: number;
  readonly k: number;
  /** Share of the variance (the trace of the empirical covariance) inside the subspace. */
  readonly share: number;
}

/** Subspaces of the same patches, which more than one method asks for. */
const known = new WeakMap<() => AsyncIterable<FeatureBlock>, Promise<Principal>>();

/**
 * Mean and principal subspace of the training patches: the top eigenpairs of the empirical covariance (divisor n), as sklearn's PCA but for its n - 1.
 *
 * @param blocks the same function gives the same subspace, found once
 */
export function principalOf(
  blocks: () => AsyncIterable<FeatureBlock>,
  context: Pick<FitContext, 'blas'>,
): Promise<Principal> {
  const found = known.get(blocks) ?? findPrincipal(blocks(), context);
  known.set(blocks, found);
  return found;
}

async function findPrincipal(
  blocks: AsyncIterable<FeatureBlock>,
  { blas }: Pick<FitContext, 'blas'>,
): Promise<Principal> {
  let moments: Moments | null = null;
  for await (const { rows, n, d } of blocks) {
    if (n === 0) continue;
    moments ??= new Moments(d, blas);
    if (moments.d !== d) {
      throw new SegcanaryError(
        'fit-failed',
        `Embeddings of ${d} values came after embeddings of ${moments.d}: fit with one tap only.`,
      );
    }
    await moments.add(rows, n);
  }
  if (moments === null || moments.n < 4)
    throw new SegcanaryError('fit-failed', 'A principal subspace needs at least 4 training patches; give more scans.');
  const { n, d, mean, covariance } = await moments.finish();
  const k = Math.max(1, Math.min(DIMENSIONS, Math.floor(Math.min(n - 1, d) / 2)));
  const total = trace(covariance, d);
  if (total === 0)
    throw new SegcanaryError(
      'fit-failed',
      `All ${n} training patches have the same embedding; check the scans and the tap.`,
    );
  const { values, vectors } = await topEigen(covariance, d, k, blas);
  return { values, vectors, mean, n, d, k, share: values.reduce((sum, v) => sum + v, 0) / total };
}
