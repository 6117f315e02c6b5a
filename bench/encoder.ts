/**
 * The encoder alone against the whole network, of nnU-Net's shape on [1,1,28,256,256]: seconds a
 * patch and peak resident set. Every run is a process of its own of 3 patches; the two take turns,
 * three times; medians.
 *
 *     npm run build && npx tsx bench/encoder.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cutAtTap } from '../src/network/onnx/cut.js';
import { type Measured, machine, median, runNode } from './measure.js';
import { NNUNET_BOTTLENECK, nnunetShape } from './network.js';

const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));
try {
  const network = nnunetShape();
  const models = { whole: network, encoder: cutAtTap(network, NNUNET_BOTTLENECK) };
  const runs: Record<keyof typeof models, Measured[]> = { whole: [], encoder: [] };
  for (const [name, bytes] of Object.entries(models)) writeFileSync(join(folder, `${name}.onnx`), bytes);
  const forward = fileURLToPath(new URL('./forward.mjs', import.meta.url));
  for (let turn = 0; turn < 3; turn++) {
    for (const name of ['whole', 'encoder'] as const)
      runs[name].push(await runNode([forward, join(folder, `${name}.onnx`), '3']));
  }
  const seconds = (name: keyof typeof models) => median(runs[name].flatMap((r) => JSON.parse(r.stdout) as number[]));
  const peak = (name: keyof typeof models) => median(runs[name].map((r) => r.peakMb));
  console.log(`bench/encoder: [1,1,28,256,256], 7 stages 32..320 (${machine()})`);
  for (const [name, bytes] of Object.entries(models) as [keyof typeof models, Uint8Array][]) {
    const size = (bytes.length / 1e6).toFixed(0).padStart(4);
    console.log(
      `  ${name.padEnd(7)}  ${seconds(name).toFixed(2)} s/patch  ${peak(name).toFixed(0).padStart(5)} MB peak  ${size} MB on disk`,
    );
  }
  console.log(
    `  the encoder takes ${(seconds('whole') / seconds('encoder')).toFixed(2)} times less time and ${(peak('whole') / peak('encoder')).toFixed(2)} times less memory`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
