import type { RobustScale } from '../../maths/robust-scale.js';
import type { Tensor } from '../safetensors.js';

/** A scale as a detector keeps it: [2], centre and deviation. */
export const tensorOfScale = ({ centre, deviation }: RobustScale): Tensor => ({
  shape: [2],
  data: Float64Array.of(centre, deviation),
});

/** @throws Error with half a sentence for whoever knows the file's name */
export function scaleOf(tensor: Tensor | undefined, name: string): RobustScale {
  const [centre = Number.NaN, deviation = Number.NaN] = tensor?.data ?? [];
  if (tensor?.data.length !== 2 || !Number.isFinite(centre) || !(deviation > 0))
    throw new Error(`its tensor ${name} is no centre and deviation`);
  return { centre, deviation };
}
