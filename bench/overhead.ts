/**
 * Wall time of `segcanary score`, the whole process, over onnxruntime with the same number of
 * patches: encoder of nnU-Net's shape, patch [1,1,28,256,256], a 512x512 scan on stdin. Both in
 * turn in one run. onnxruntime's side is a bare program: its runs alone, and, as for `score`, the
 * whole process with its start and the opening of the model.
 *
 *     npm run build && npx tsx bench/overhead.ts [TURNS]      (3)
 */
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { makeDetector, NNUNET } from './detector.js';
import { CLI, machine, median, runNode } from './measure.js';
import { syntheticScan } from './synthetic.js';

const turns = Number(process.argv[2] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));
try {
  const detector = await makeDetector(folder, NNUNET);
  const path = join(folder, 'scan.nii');
  // Made beforehand: the maker would want a core of its own while the scan is read.
  await pipeline(syntheticScan({ size: 512, slices: 80, spacing: [5, 0.6, 0.6] }), createWriteStream(path));
  const score: number[] = [];
  const runs: number[] = [];
  const whole: number[] = [];
  let patches = 0;
  for (let i = 0; i < turns; i++) {
    const scored = await runNode([CLI, 'score', '-q', '-d', detector, '-i', '-'], createReadStream(path));
    score.push(scored.seconds);
    patches = (JSON.parse(scored.stdout) as { patches: number }).patches;
    const child = await runNode([
      fileURLToPath(new URL('./bare.mjs', import.meta.url)),
      join(detector, 'encoder.onnx'),
      String(patches),
    ]);
    runs.push(Number(child.stdout));
    whole.push(child.seconds);
  }
  // Pair by pair: a machine whose speed drifts slows both of a pair.
  const ratios = (of: readonly number[]) => score.map((seconds, i) => seconds / of[i]);
  const [toRuns, toWhole] = [ratios(runs), ratios(whole)];
  const say = (what: string, values: readonly number[], digits: number) =>
    console.log(
      `  ${what.padEnd(52)} ${median(values).toFixed(digits)}  (${values.map((value) => value.toFixed(digits)).join(', ')})`,
    );
  console.log(`bench/overhead: 512x512x80, ${patches} patches of [1,1,28,256,256], medians (${machine()})`);
  say('segcanary score, the whole process, s', score, 1);
  say('a bare onnxruntime program, the whole process, s', whole, 1);
  say('its runs alone, s', runs, 1);
  say('ratio to the whole process', toWhole, 3);
  say('ratio to the runs alone (bound: 1.03)', toRuns, 3);
  process.exitCode = median(toRuns) <= 1.03 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
