/** Pole of the cubic B-spline's inverse filter. */
const pole = Math.sqrt(3) - 2;
/** (1 - pole)(1 - 1/pole), the filter's gain. */
const gain = 6;

/**
 * Samples to cubic B-spline coefficients along one line, in place, as if the first and last sample
 * went on for ever.
 *
 *   c+[k] = 6 s[k] + z c+[k-1]          c[k] = z (c[k+1] - c+[k])          z = sqrt(3) - 2
 *
 * scipy's zoom(mode='nearest') pads 12 edge samples and then mirrors; z^24 = 2e-14 of what lies
 * beyond is left, so the infinite edge is the same filter. Source: scipy ndimage ni_splines.c;
 * Unser, Splines, IEEE Signal Processing Magazine 1999.
 */
export function prefilterLine(data: Float64Array): void {
  const last = data.length - 1;
  const steady = steadyState(data[last]);
  let previous = steadyState(data[0]);
  data[0] = previous;
  for (let k = 1; k <= last; k++) {
    previous = gain * data[k] + pole * previous;
    data[k] = previous;
  }
  let next = endCoefficient(previous, steady);
  data[last] = next;
  for (let k = last - 1; k >= 0; k--) {
    next = pole * (next - data[k]);
    data[k] = next;
  }
}

/**
 * The same along the rows of a [rows, width] plane, every column on its own. The columns are
 * innermost, which is how memory lies.
 */
export function prefilterColumns(data: Float64Array, width: number): void {
  const last = data.length - width;
  const ends = data.slice(last);
  for (let i = 0; i < width; i++) data[i] = steadyState(data[i]);
  for (let row = width; row <= last; row += width) {
    for (let i = row; i < row + width; i++) data[i] = gain * data[i] + pole * data[i - width];
  }
  for (let i = 0; i < width; i++) data[last + i] = endCoefficient(data[last + i], steadyState(ends[i]));
  for (let row = last - width; row >= 0; row -= width) {
    for (let i = row; i < row + width; i++) data[i] = pole * (data[i + width] - data[i]);
  }
}

/** What c+ settles at over samples that stay e: 6 e / (1 - z). */
function steadyState(sample: number): number {
  return (gain * sample) / (1 - pole);
}

/** c[K] = -z sum_j z^j c+[K+j], where c+[K+j] = steady + (c+[K] - steady) z^j. */
function endCoefficient(causal: number, steady: number): number {
  return -pole * (steady / (1 - pole) + (causal - steady) / (1 - pole * pole));
}

/**
 * The four weights of the cubic B-spline at fraction t in [0, 1) past the second of four
 * neighbours. They sum to 1.
 */
export function cubicWeights(t: number): [number, number, number, number] {
  const u = 1 - t;
  return [(u * u * u) / 6, 2 / 3 - t * t + (t * t * t) / 2, 2 / 3 - u * u + (u * u * u) / 2, (t * t * t) / 6];
}

/**
 * Response of the inverse filter to one sample, n samples away: sqrt(3) z^|n|. The coefficient c[k]
 * is the sum over j of this at k - j times the sample j.
 */
export function cubicImpulse(n: number): number {
  return Math.sqrt(3) * pole ** Math.abs(n);
}
