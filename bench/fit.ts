/**
 * Fits a Gaussian to random embeddings and says what each step costs.
 *
 * Run: npm run build && npx tsx bench/fit.ts [d] [N] [estimator]      (3840, 2 d, ledoit-wolf)
 */
import { ESTIMATORS, type Estimator } from '../src/detectors/estimators.js';
import { type EmbeddingBlock, fitGaussian } from '../src/detectors/fit-gaussian.js';
import { squaredDistance } from '../src/detectors/gaussian.js';
import type { Blas } from '../src/maths/linalg/blas.js';
import { openBlas } from '../src/network/inference/blas.js';
import { closeInference } from '../src/network/inference/session.js';

const d = Number(process.argv[2] ?? 3840);
const n = Number(process.argv[3] ?? 2 * d);
const estimator = (process.argv[4] ?? 'ledoit-wolf') as Estimator;
if (!ESTIMATORS.includes(estimator)) throw new RangeError(`no estimator ${estimator}`);
const PATCHES = 45; // of one scan

let state = 1;
const random = (): number => {
  state = (state * 48271) % 2147483647;
  return (2 * state) / 2147483647 - 1;
};

let streamed = 0;
/** The scale of each feature falls off, so that the condition number is one that takes finding. */
const scale = Float64Array.from({ length: d }, (_, i) => (1 + i) ** -0.7);

async function* blocks(): AsyncGenerator<EmbeddingBlock> {
  for (let from = 0; from < n; from += PATCHES) {
    const count = Math.min(PATCHES, n - from);
    yield { rows: Float32Array.from({ length: count * d }, (_, i) => random() * scale[i % d]), n: count, d };
  }
  streamed = performance.now();
}

let flops = 0;
const inner = await openBlas();
const counting: Blas = {
  gemm(a, b, m, k, columns) {
    flops += 2 * m * k * columns;
    return inner.gemm(a, b, m, k, columns);
  },
};
await inner.gemm(new Float64Array(1), new Float64Array(1), 1, 1, 1);

const drawn = performance.now();
for await (const _ of blocks());
const drawing = (performance.now() - drawn) / 1000;
state = 1;

const started = performance.now();
const fit = await fitGaussian(blocks(), { estimator, blas: counting });
const ended = performance.now();
const rss = process.resourceUsage().maxRSS / 1024;

const z = Float32Array.from({ length: d }, random);
const times = Array.from({ length: 15 }, () => {
  const before = performance.now();
  squaredDistance(fit, z);
  return performance.now() - before;
}).sort((a, b) => a - b);
const covariance = (streamed - started) / 1000 - drawing;
const factor = (ended - streamed) / 1000;
console.log(
  `${estimator}, d = ${d}, N = ${n}: rank ${fit.rank}, condition number ${fit.conditionNumber.toPrecision(3)}`,
);
console.log(`covariance  ${covariance.toFixed(2)} s  (without drawing the rows, ${drawing.toFixed(1)} s)`);
console.log(`factor      ${factor.toFixed(2)} s  (rank, condition number, Cholesky, inverse)`);
console.log(
  `products    ${(flops / 1e9).toFixed(0)} GFLOP, ${(flops / 1e9 / (covariance + factor)).toFixed(1)} GFLOP/s over all`,
);
console.log(`peak RSS    ${rss.toFixed(0)} MB, of which one [d,d] is ${((8 * d * d) / 1e6).toFixed(0)} MB`);
console.log(`distance    ${times[7].toFixed(1)} ms (median of 15)`);
await closeInference();
