/**
 * An embedding has fewer elements than this (the paper: "until the dimensionality is below 1e4").
 */
const LIMIT = 1e4;

/**
 * The shape that `averagePool` gives: every spatial axis halved (floor) until there are fewer than
 * 1e4 elements. An axis of 1 stays; when all are 1, so does the shape, however many channels there
 * are.
 *
 * @param shape [c, …spatial]
 */
export function pooledShape(shape: readonly number[]): number[] {
  let now = [...shape];
  while (size(now) >= LIMIT && now.slice(1).some((n) => n > 1))
    now = now.map((n, axis) => (axis === 0 ? n : halved(n)));
  return now;
}

/**
 * The kernels of the rounds of `averagePool`, an entry a spatial axis: 2, or 1 along an axis of 1.
 * Strides are the same.
 *
 * @param shape [c, …spatial]
 */
export function poolingKernels(shape: readonly number[]): number[][] {
  const rounds: number[][] = [];
  let now = [...shape];
  while (size(now) >= LIMIT && now.slice(1).some((n) => n > 1)) {
    rounds.push(now.slice(1).map((n) => Math.min(n, 2)));
    now = now.map((n, axis) => (axis === 0 ? n : halved(n)));
  }
  return rounds;
}

/**
 * Average pooling with kernel 2 and stride 2 along every spatial axis (kernel 1 along an axis of 1;
 * the last of an odd number is left out, as torch's AvgPool3d does), repeated until there are fewer
 * than 1e4 elements. Sums in float64.
 *
 * The kernel is a box, so that an axis after the other gives the same mean. Source: Gonzalez et
 * al., MICCAI 2021, section 2.2; a dimension of 1, which crashes the released code, is left alone.
 *
 * @param data C order
 * @param shape [c, …spatial]
 * @returns C order of `pooledShape(shape)`
 */
export function averagePool(data: Float32Array, shape: readonly number[]): Float32Array {
  const target = pooledShape(shape);
  const now = [...shape];
  let values: Float32Array | Float64Array = data;
  while (now.some((n, axis) => n !== target[axis])) {
    for (let axis = 1; axis < now.length; axis++) {
      if (now[axis] === 1) continue;
      values = halve(values, size(now.slice(0, axis)), now[axis], size(now.slice(axis + 1)));
      now[axis] = halved(now[axis]);
    }
  }
  return Float32Array.from(values);
}

/**
 * The mean of every channel, in float64: global average pooling.
 *
 * @param data [c, …spatial] in C order
 */
export function channelMeans(data: Float32Array, channels: number): Float32Array {
  const each = data.length / channels;
  const means = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let i = c * each; i < (c + 1) * each; i++) sum += data[i];
    means[c] = sum / each;
  }
  return means;
}

/** Means of neighbours along the middle axis of [outer, n, inner]. */
function halve(values: Float32Array | Float64Array, outer: number, n: number, inner: number): Float64Array {
  const half = halved(n);
  const out = new Float64Array(outer * half * inner);
  for (let o = 0, to = 0; o < outer; o++) {
    for (let i = 0; i < half; i++) {
      let from = (o * n + 2 * i) * inner;
      for (let k = 0; k < inner; k++, from++, to++) out[to] = 0.5 * (values[from] + values[from + inner]);
    }
  }
  return out;
}

const halved = (n: number): number => Math.max(1, Math.floor(n / 2));

const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);
