/**
 * Whether numbers are the same but for rounding, as numpy's `allclose` says with its own
 * tolerances: |a - b| <= 1e-8 + 1e-5 |b|, element by element. NaN is close to nothing.
 */
export const allClose = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) <= 1e-8 + 1e-5 * Math.abs(b[i]));
