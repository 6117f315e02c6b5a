// onnxruntime and nothing else: node bare.mjs ENCODER N [THREADS] runs N patches of
// [1,1,28,256,256] and prints the seconds of the runs, without loading.
import { availableParallelism } from 'node:os';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const [path, count, threads = availableParallelism()] = process.argv.slice(2);
const session = await InferenceSession.create(path, {
  intraOpNumThreads: Number(threads),
  enableMemPattern: false,
});
const dims = [1, 1, 28, 256, 256];
const data = new Float32Array(28 * 256 * 256).map((_, i) => Math.sin(i / 50));
let seconds = 0;
for (let i = 0; i < Number(count); i++) {
  const started = performance.now();
  await session.run({ [session.inputNames[0]]: new Tensor('float32', data, dims) });
  seconds += (performance.now() - started) / 1000;
}
console.log(seconds);
