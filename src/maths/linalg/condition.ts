const MAX_ITERATIONS = 300;
const MIN_ITERATIONS = 12;
/**
 * Where the Rayleigh quotient still rises by 1e-4 a step, what is missing is a few per cent: enough
 * for a condition number.
 */
const SETTLED = 1e-4;

/**
 * Largest eigenvalue of a positive semi-definite operator by power iteration on its Rayleigh
 * quotient, from below and within a few per cent. The start is a fixed pseudo-random vector: the
 * result is the same every time.
 */
export function largestEigenvalue(multiply: (x: Float64Array) => Float64Array, n: number): number {
  let x = normalised(pseudoRandom(n));
  let value = 0;
  for (let iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
    const y = multiply(x);
    let next = 0;
    for (let i = 0; i < n; i++) next += x[i] * y[i];
    const settled = iteration >= MIN_ITERATIONS && Math.abs(next - value) <= SETTLED * Math.abs(next);
    value = next;
    if (settled || !(value > 0)) break;
    x = normalised(y);
  }
  return value;
}

function normalised(x: Float64Array): Float64Array {
  let squares = 0;
  for (let i = 0; i < x.length; i++) squares += x[i] * x[i];
  const norm = Math.sqrt(squares);
  return norm === 0 ? x : x.map((value) => value / norm);
}

/** Uniform on (-1, 1), from Park and Miller's minimal generator. */
function pseudoRandom(n: number): Float64Array {
  let state = 20210927;
  return Float64Array.from({ length: n }, () => {
    state = (state * 48271) % 2147483647;
    return (2 * state) / 2147483647 - 1;
  });
}
