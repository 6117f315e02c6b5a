/**
 * Applies a filter to every line of a slice.
 *
 * @param data [y, x] in C order
 * @param axis 0: lines along y, 1: lines along x
 * @param filter takes a line and gives one as long
 */
export function filterLines(
  data: Float32Array,
  [height, width]: readonly [number, number],
  axis: 0 | 1,
  filter: (line: Float64Array) => Float64Array,
): Float32Array {
  const out = new Float32Array(data.length);
  const [count, length, step, stride] = axis === 0 ? [width, height, width, 1] : [height, width, 1, width];
  const line = new Float64Array(length);
  for (let l = 0; l < count; l++) {
    for (let i = 0; i < length; i++) line[i] = data[l * stride + i * step];
    const filtered = filter(line);
    for (let i = 0; i < length; i++) out[l * stride + i * step] = filtered[i];
  }
  return out;
}

/**
 * What a factor for every plane of k-space does along one axis: weighting planes is a circular
 * convolution with the inverse transform of the weights, so no voxel need be transformed. Its real
 * part is enough, because the voxels are real and of the result the real part is taken.
 *
 *     h[j] = 1/n sum_p w[p] cos(2 pi (p - floor(n / 2)) j / n)
 *
 * @param weights one factor a plane, the centre of k-space at floor(n / 2)
 */
export function kernelOf(weights: ArrayLike<number>): Float64Array {
  const n = weights.length;
  return Float64Array.from({ length: n }, (_, j) => {
    let sum = 0;
    for (let p = 0; p < n; p++) sum += weights[p] * Math.cos((2 * Math.PI * (((p - (n >> 1)) * j) % n)) / n);
    return sum / n;
  });
}

/** Circular convolution of a line with a kernel of the same length. */
export function convolveCircular(line: Float64Array, kernel: Float64Array): Float64Array {
  const n = line.length;
  const twice = new Float64Array(2 * n);
  twice.set(line);
  twice.set(line, n);
  const out = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += kernel[j] * twice[n + i - j];
    out[i] = sum;
  }
  return out;
}

/**
 * A Gaussian filter along a line, cut at four deviations; the rim is mirrored about the voxel's
 * edge. As scipy's `gaussian_filter1d` by default.
 *
 * @param sigma in voxels
 */
export function gaussian(sigma: number): (line: Float64Array) => Float64Array {
  const radius = Math.floor(4 * sigma + 0.5);
  const weights = Float64Array.from({ length: radius + 1 }, (_, i) => Math.exp((-i * i) / (2 * sigma * sigma)));
  const total = 2 * weights.reduce((sum, w) => sum + w, 0) - 1;
  return (line) => {
    const n = line.length;
    const at = (i: number) => {
      const m = ((i % (2 * n)) + 2 * n) % (2 * n);
      return line[m < n ? m : 2 * n - 1 - m];
    };
    return line.map((value, i) => {
      let sum = value;
      for (let r = 1; r <= radius; r++) sum += weights[r] * (at(i - r) + at(i + r));
      return sum / total;
    });
  };
}

/**
 * Every `factor`-th voxel of a line, about its centre, and straight lines between them: what
 * TorchIO's `Anisotropy` does along its axis. Beyond the outermost of them their value stands.
 */
export function coarsen(factor: number): (line: Float64Array) => Float64Array {
  return (line) => {
    const centre = (line.length - 1) / 2;
    const count = Math.max(1, Math.floor(line.length / factor));
    const middle = (count - 1) / 2;
    const kept = Float64Array.from({ length: count }, (_, j) => line[Math.round(centre + (j - middle) * factor)]);
    return line.map((_, i) => {
      const at = Math.min(Math.max((i - centre) / factor + middle, 0), count - 1);
      const below = Math.floor(at);
      const above = Math.min(below + 1, count - 1);
      return kept[below] + (at - below) * (kept[above] - kept[below]);
    });
  };
}
