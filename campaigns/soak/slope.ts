/** A slope and its 95 % interval. */
export interface Slope {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Blocks that the values are averaged in. Garbage collection makes neighbours alike, and an interval that took them for independent would be too narrow. */
const BLOCKS = 20;
/** Student's t, 97.5 %, BLOCKS - 2 degrees of freedom. */
const T = 2.101;

/** Ordinary least squares of values against their index, over means of blocks: slope a value. */
export function slopeOf(values: readonly number[]): Slope {
  const size = Math.floor(values.length / BLOCKS);
  if (size < 1) throw new RangeError(`${values.length} values are too few for a slope; ${BLOCKS} are needed`);
  const means = Array.from(
    { length: BLOCKS },
    (_, b) => values.slice(b * size, (b + 1) * size).reduce((sum, v) => sum + v, 0) / size,
  );
  const centre = (BLOCKS - 1) / 2;
  const mean = means.reduce((sum, v) => sum + v, 0) / BLOCKS;
  const sxx = means.reduce((sum, _, b) => sum + (b - centre) ** 2, 0);
  const slope = means.reduce((sum, v, b) => sum + (b - centre) * (v - mean), 0) / sxx;
  const residual = means.reduce((sum, v, b) => sum + (v - mean - slope * (b - centre)) ** 2, 0);
  const error = Math.sqrt(residual / (BLOCKS - 2) / sxx);
  return { value: slope / size, low: (slope - T * error) / size, high: (slope + T * error) / size };
}
