// The load stage and nothing else: node load.mjs SCAN prints the seconds until the last slice has
// come.
import { load, openScan } from '../dist/index.js';

const [path] = process.argv.slice(2);
const started = performance.now();
let slices = 0;
for await (const _ of (await openScan(path)).pipe(load({ name: path }))) slices++;
if (slices === 0) throw new Error('no slice');
console.log((performance.now() - started) / 1000);
