import { fitGaussian } from '../fit-gaussian.js';
import type { Gaussian } from '../gaussian.js';
import type { FeatureBlock, FitContext } from '../method.js';
import type { Tensor } from '../safetensors.js';
import { gaussianOf } from './gaussian-form.js';
import { cut, type Part, partsOf } from './parts.js';

/** A Gaussian of the features of every tensor alone. */
export interface PartGaussians {
  readonly each: readonly { readonly part: Part; readonly gaussian: Gaussian }[];
  /** mean.i [d_i] and whitener.i [r_i,d_i] of every part i. */
  readonly tensors: Record<string, Tensor>;
  /** Training patches. */
  readonly n: number;
  /** Features of all parts. */
  readonly d: number;
}

/** @throws SegcanaryError `fit-failed`, as `fitGaussian` */
export async function fitParts(blocks: () => AsyncIterable<FeatureBlock>, context: FitContext): Promise<PartGaussians> {
  const each: { readonly part: Part; readonly gaussian: Gaussian }[] = [];
  const tensors: Record<string, Tensor> = {};
  let n = 0;
  for (const [i, part] of (await partsOf(blocks())).entries()) {
    const gaussian = await fitGaussian(() => cut(blocks(), part), context);
    n = gaussian.n;
    tensors[`mean.${i}`] = { shape: [gaussian.d], data: gaussian.mean };
    tensors[`whitener.${i}`] = { shape: [gaussian.r, gaussian.d], data: gaussian.whitener };
    each.push({ part, gaussian });
  }
  return { each, tensors, n, d: each.reduce((sum, { gaussian }) => sum + gaussian.d, 0) };
}

/** @throws Error with half a sentence where a tensor is missing or does not fit */
export function openParts(tensors: Readonly<Record<string, Tensor>>, count: number): Gaussian[] {
  return Array.from({ length: count }, (_, i) => {
    const { [`mean.${i}`]: mean, [`whitener.${i}`]: whitener } = tensors;
    return gaussianOf({ ...(mean && { mean }), ...(whitener && { whitener }) });
  });
}
