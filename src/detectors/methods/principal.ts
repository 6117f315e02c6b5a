import { SegcanaryError } from '../../errors.js';
import type { Blas } from '../../maths/linalg/blas.js';
import { Moments } from '../../maths/linalg/moments.js';
import { product } from '../../maths/linalg/product.js';
import { trace } from '../../maths/linalg/symmetric.js';
import { type TopEigen, topEigen } from '../../maths/linalg/top-eigen.js';
import type { FeatureBlock, FitContext } from '../method.js';

/**
 * Dimensions of the principal subspace, or half of the directions in which the training patches
 * moved where that is less.
 */
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
 * Mean and principal subspace of the training patches: the top eigenpairs of the empirical
 * covariance (divisor n), as sklearn's PCA but for its n - 1.
 *
 * @param blocks the same function gives the same subspace, found once
 */
export function principalOf(
  blocks: () => AsyncIterable<FeatureBlock>,
  context: Pick<FitContext, 'blas'>,
): Promise<Principal> {
  const found = known.get(blocks) ?? findPrincipal(blocks, context);
  known.set(blocks, found);
  return found;
}

async function findPrincipal(
  blocks: () => AsyncIterable<FeatureBlock>,
  { blas }: Pick<FitContext, 'blas'>,
): Promise<Principal> {
  const { n, d } = await sizeOf(blocks());
  if (n < 4)
    throw new SegcanaryError('fit-failed', 'A principal subspace needs at least 4 training patches; give more scans.');
  const k = Math.max(1, Math.min(DIMENSIONS, Math.floor(Math.min(n - 1, d) / 2)));
  const found = await (n < d ? byGram(blocks(), n, d, k, blas) : byCovariance(blocks(), d, k, blas));
  if (found.total === 0)
    throw new SegcanaryError(
      'fit-failed',
      `All ${n} training patches have the same embedding; check the scans and the tap.`,
    );
  const { total, ...pairs } = found;
  return { ...pairs, n, d, k, share: pairs.values.reduce((sum, v) => sum + v, 0) / total };
}

type Found = TopEigen & Pick<Principal, 'mean'> & { readonly total: number };

async function byCovariance(blocks: AsyncIterable<FeatureBlock>, d: number, k: number, blas: Blas): Promise<Found> {
  const moments = new Moments(d, blas);
  for await (const { rows, n } of blocks) if (n > 0) await moments.add(rows, n);
  const { mean, covariance } = await moments.finish();
  const total = trace(covariance, d);
  return { mean, total, ...(total === 0 ? nothing : await topEigen(covariance, d, k, blas)) };
}

/**
 * The same with fewer patches than features: X' X / n and X X' / n (X the centred rows) have the
 * same eigenvalues, and an eigenvector u of the second is X' u / sqrt(n l) of the first. [n,n] is
 * small where [d,d] is not.
 */
async function byGram(
  blocks: AsyncIterable<FeatureBlock>,
  n: number,
  d: number,
  k: number,
  blas: Blas,
): Promise<Found> {
  const data = new Float64Array(n * d);
  let at = 0;
  for await (const { rows } of blocks) {
    data.set(rows, at);
    at += rows.length;
  }
  if (!data.every(Number.isFinite)) {
    throw new SegcanaryError(
      'fit-failed',
      'The embeddings hold NaN or infinity; check the intensities of the scans and the tap.',
    );
  }
  const mean = new Float64Array(d);
  for (let i = 0; i < data.length; i++) mean[i % d] += data[i] / n;
  for (let i = 0; i < data.length; i++) data[i] -= mean[i % d];
  const gram = await product(blas, { data, rows: n, columns: d }, { data, rows: n, columns: d, transposed: true });
  for (let i = 0; i < gram.length; i++) gram[i] /= n;
  const total = trace(gram, n);
  if (total === 0) return { mean, total, ...nothing };
  const { values, vectors } = await topEigen(gram, n, k, blas);
  const turned = await product(blas, { data: vectors, rows: k, columns: n }, { data, rows: n, columns: d });
  for (let i = 0; i < turned.length; i++) turned[i] /= Math.sqrt(n * Math.max(values[Math.floor(i / d)], 1e-300));
  return { mean, total, values, vectors: turned };
}

const nothing: TopEigen = { values: new Float64Array(0), vectors: new Float64Array(0) };

async function sizeOf(blocks: AsyncIterable<FeatureBlock>): Promise<{ readonly n: number; readonly d: number }> {
  let [patches, width] = [0, 0];
  for await (const { n, d } of blocks) {
    if (n === 0) continue;
    if (patches > 0 && d !== width) {
      throw new SegcanaryError(
        'fit-failed',
        `Embeddings of ${d} values came after embeddings of ${width}: fit with one tap only.`,
      );
    }
    patches += n;
    width = d;
  }
  return { n: patches, d: width };
}
