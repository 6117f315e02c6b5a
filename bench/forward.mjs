// One model in segcanary's own inference worker: node forward.mjs MODEL N runs N patches of [1,1,28,256,256] and prints the seconds of each as JSON.
import { readFileSync } from 'node:fs';
import { openSession } from '../dist/model/inference.js';

const [path, count] = process.argv.slice(2);
const session = await openSession(readFileSync(path));
const [input] = session.inputs;
const seconds = [];
for (let run = 0; run < Number(count); run++) {
  const data = Float32Array.from({ length: 28 * 256 * 256 }, (_, i) => Math.sin(i / 50));
  const started = performance.now();
  await session.run({ [input.name]: { type: 'float32', dims: [1, 1, 28, 256, 256], data } });
  seconds.push((performance.now() - started) / 1000);
}
console.log(JSON.stringify(seconds));
