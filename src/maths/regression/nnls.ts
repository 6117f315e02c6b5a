/**
 * Non-negative least squares from the normal equations: the x >= 0 that minimises
 * x'Ax / 2 - b'x, by the active sets of Lawson and Hanson (Solving Least Squares Problems, 1974,
 * chapter 23). scipy's `optimize.nnls` solves the same from the rows.
 *
 * @param gram [p, p] in C order, symmetric and positive definite: a ridge sees to it
 * @param right [p]
 * @returns [p]
 */
export function nonNegativeLeastSquares(gram: Float64Array, right: Float64Array): Float64Array {
  const p = right.length;
  const x = new Float64Array(p);
  const tolerance = 1e-12 * right.reduce((most, b) => Math.max(most, Math.abs(b)), 1e-300);
  let free: number[] = [];
  // Each round frees one; the bound is that of Lawson and Hanson's own program.
  for (let round = 0; round < 3 * p; round++) {
    const next = steepest(gram, right, x, free, tolerance);
    if (next === null) break;
    free.push(next);
    for (;;) {
      const solution = solveAmong(gram, right, free);
      const step = free.reduce(
        (least, j, k) => (solution[k] > 0 ? least : Math.min(least, x[j] / (x[j] - solution[k]))),
        1,
      );
      free.forEach((j, k) => {
        x[j] += step * (solution[k] - x[j]);
      });
      if (step === 1 && solution.every((value) => value > 0)) break;
      const [bound, still] = [0, 1].map((kept) =>
        free.filter((j, k) => Number(x[j] > 1e-14 || solution[k] > 0) === kept),
      );
      for (const j of bound) x[j] = 0;
      free = still;
    }
  }
  return x;
}

/** The variable at 0 whose rise lowers the sum most; null where none lowers it. */
function steepest(
  gram: Float64Array,
  right: Float64Array,
  x: Float64Array,
  free: readonly number[],
  tolerance: number,
): number | null {
  const p = right.length;
  const isFree = new Uint8Array(p);
  for (const j of free) isFree[j] = 1;
  let [best, most]: [number | null, number] = [null, tolerance];
  for (let j = 0; j < p; j++) {
    if (isFree[j]) continue;
    let fall = right[j];
    for (const k of free) fall -= gram[j * p + k] * x[k];
    if (fall > most) [best, most] = [j, fall];
  }
  return best;
}

/** Solves for some of the variables, the others being 0: by Cholesky. */
function solveAmong(gram: Float64Array, right: Float64Array, free: readonly number[]): Float64Array {
  const p = right.length;
  const n = free.length;
  const lower = new Float64Array(n * n);
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = gram[free[i] * p + free[j]];
      for (let k = 0; k < j; k++) sum -= lower[i * n + k] * lower[j * n + k];
      lower[i * n + j] = i === j ? Math.sqrt(Math.max(sum, 1e-300)) : sum / lower[j * n + j];
    }
    let sum = right[free[i]];
    for (let k = 0; k < i; k++) sum -= lower[i * n + k] * y[k];
    y[i] = sum / lower[i * n + i];
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) y[i] -= lower[k * n + i] * y[k];
    y[i] /= lower[i * n + i];
  }
  return y;
}
