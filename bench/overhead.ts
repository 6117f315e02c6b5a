/**
 * Wall time of `segcanary score`, the whole process, over the bare time of the same number of patches through onnxruntime: encoder of nnU-Net's shape,
 * patch [1,1,28,256,256], a 512x512 scan on stdin. Both in one run, in turn, medians of three.
 *
 *     npm run build && npx tsx bench/overhead.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeDetector, NNUNET } from './detector.js';
import { CLI, machine, median, runNode } from './measure.js';
import { syntheticScan } from './synthetic.js';

const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));
try {
  const detector = await makeDetector(folder, NNUNET);
  const scan = () => syntheticScan({ size: 512, slices: 80, spacing: [5, 0.6, 0.6] });
  const score: number[] = [];
  const bare: number[] = [];
  let patches = 0;
  for (let i = 0; i < 3; i++) {
    const scored = await runNode([CLI, 'score', '-d', detector, '-i', '-'], scan());
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
  console.log(`  ratio ${ratio.toFixed(3)} (bound: 1.03)`);
  process.exitCode = ratio <= 1.03 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
