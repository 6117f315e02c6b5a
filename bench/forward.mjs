// One model in segcanary's own inference worker: node forward.mjs MODEL N [ZxYxX] runs N patches of
// one channel and prints the seconds of each as JSON.
import { readFileSync } from 'node:fs';
import { openSession } from '../dist/network/inference/session.js';

const [path, count, patch = '28x256x256'] = process.argv.slice(2);
const shape = patch.split('x').map(Number);
const session = await openSession(readFileSync(path));
const [input] = session.inputs;
const seconds = [];
for (let run = 0; run < Number(count); run++) {
  const data = Float32Array.from({ length: shape.reduce((n, size) => n * size) }, (_, i) => Math.sin(i / 50));
  const started = performance.now();
  await session.run({ [input.name]: { type: 'float32', dims: [1, 1, ...shape], data } });
  seconds.push((performance.now() - started) / 1000);
}
console.log(JSON.stringify(seconds));
