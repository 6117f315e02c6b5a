/**
 * Wall time of `segcanary score`, the whole process, over the bare time of the same number of patches through onnxruntime: encoder of nnU-Net's shape,
 * patch [1,1,28,256,256], a 512x512 scan on stdin. Both in one run, in turn, medians of three.
 *
 *     npm run build && npx tsx bench/overhead.ts
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CLI, machine, median, runNode } from './measure.js';
import { nnunetShape } from './network.js';
import { syntheticScan } from './synthetic.js';

const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));
try {
  const model = join(folder, 'model');
  mkdirSync(model);
  writeFileSync(join(model, 'model.onnx'), nnunetShape());
  writeFileSync(
    join(model, 'plans.json'),
    JSON.stringify({
      patch_size: [28, 256, 256],
      spacing: [5, 0.74, 0.74],
      normalization_schemes: ['CTNormalization'],
      foreground_intensity_properties_per_channel: {
        0: { mean: -500, std: 400, percentile_00_5: -1000, percentile_99_5: 300 },
      },
    }),
  );
  const detector = join(folder, 'detector');
  const training = join(folder, 'train.nii');
  const scan = (slices: number) => syntheticScan({ size: 512, slices, spacing: [5, 0.6, 0.6] });
  await import('node:stream/promises').then(async ({ pipeline }) => {
    const { createWriteStream } = await import('node:fs');
    await pipeline(scan(29), createWriteStream(training));
  });
  await runNode([CLI, 'fit', '-q', '-m', model, '-i', training, '-o', detector]);

  const score: number[] = [];
  const bare: number[] = [];
  let patches = 0;
  for (let i = 0; i < 3; i++) {
    const scored = await runNode([CLI, 'score', '-d', detector, '-i', '-'], scan(80));
    score.push(scored.seconds);
    patches = (JSON.parse(scored.stdout) as { patches: number }).patches;
    const child = await runNode([
      fileURLToPath(new URL('./bare.mjs', import.meta.url)),
      join(detector, 'encoder.onnx'),
      String(patches),
    ]);
    bare.push(Number(child.stdout));
  }
  const ratio = median(score) / median(bare);
  console.log(`bench/overhead: 512x512x80, ${patches} patches of [1,1,28,256,256] (${machine()})`);
  console.log(
    `  segcanary score, the whole process  ${median(score).toFixed(1)} s  (${score.map((s) => s.toFixed(1)).join(', ')})`,
  );
  console.log(
    `  the same patches, onnxruntime bare  ${median(bare).toFixed(1)} s  (${bare.map((s) => s.toFixed(1)).join(', ')})`,
  );
  console.log(`  ratio ${ratio.toFixed(3)} (bound: 1.05)`);
  process.exitCode = ratio <= 1.05 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
