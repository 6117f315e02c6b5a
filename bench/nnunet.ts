/**
 * The same model, scan and number of threads through `nnUNetv2_predict` on the CPU and through
 * `segcanary segment`: wall time, peak resident set, agreement. 512x512 scans of 128, 256 and 512
 * slices, 2 and 20 classes, a small network. Needs the Python environment of test/oracle/setup.sh,
 * and 20 GB of memory for nnU-Net.
 *
 *     npm run build && npx tsx bench/nnunet.ts [classes …]
 */
import { createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { CLI, machine, runNode, runPython } from './measure.js';
import { syntheticScan } from './synthetic.js';

const SIDE = fileURLToPath(new URL('./nnunet_side.py', import.meta.url));
const FORWARD = fileURLToPath(new URL('./forward.mjs', import.meta.url));
const SPACING = [1, 0.7, 0.7] as const;
const classes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [2, 20];

const python = <T>(...args: readonly string[]) => runPython<T>(SIDE, args);
const gb = (mb: number): string => `${(mb / 1024).toFixed(2)} GB`.padStart(9);
const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));
try {
  console.log(`bench/nnunet: nnUNetv2_predict --disable_tta -npp 0 -nps 0 and segcanary segment (${machine()})`);
  const write = async (path: string, slices: number) =>
    pipeline(syntheticScan({ size: 512, slices, spacing: SPACING }), createGzip({ level: 1 }), createWriteStream(path));
  const training = join(folder, 'training.nii.gz');
  await write(training, 64);
  for (const count of classes) {
    const model = join(folder, `${count}`, 'Dataset001_bench', 'nnUNetTrainer__nnUNetPlans__3d_fullres');
    await python('model', model, training, String(count));
    const patch = (
      JSON.parse(readFileSync(join(model, 'plans.json'), 'utf8')) as {
        configurations: Record<string, { patch_size: number[] }>;
      }
    ).configurations['3d_fullres'].patch_size;
    const bareTheirs = (await python<{ peakMb: number }>('forward', model)).peakMb;
    const bareOurs = (await runNode([FORWARD, join(model, 'fold_0', 'model.onnx'), '1', patch.join('x')])).peakMb;
    console.log(
      `  ${count} classes, patch ${patch.join('x')}; one bare forward pass: PyTorch ${gb(bareTheirs)}, onnxruntime ${gb(bareOurs)}`,
    );
    for (const slices of [128, 256, 512]) {
      const work = join(folder, `${count}-${slices}`);
      const [input, theirs, ours] = ['in', 'theirs', 'ours'].map((name) => join(work, name)) as [
        string,
        string,
        string,
      ];
      for (const path of [input, theirs, ours]) mkdirSync(path, { recursive: true });
      await write(join(input, 'case_0000.nii.gz'), slices);
      const segmented = await runNode([CLI, 'segment', '-q', '-m', model, '-i', input, '-o', ours]);
      const predicted = await python<{ seconds: number; peakMb: number; code: number; last: string[] }>(
        'predict',
        model,
        input,
        theirs,
      );
      const [a, b] = [predicted.peakMb - bareTheirs, segmented.peakMb - bareOurs];
      console.log(`  512x512x${slices}`);
      console.log(
        `    nnUNetv2_predict   ${predicted.seconds.toFixed(1).padStart(6)} s  ${gb(predicted.peakMb)}${predicted.code === 0 ? '' : `  failed: exit code ${predicted.code} ${predicted.last.join()}`}`,
      );
      console.log(`    segcanary segment  ${segmented.seconds.toFixed(1).padStart(6)} s  ${gb(segmented.peakMb)}`);
      if (predicted.code === 0) {
        const agreement = await python<{ equal: number; labels: number; leastDice: number }>(
          'compare',
          join(theirs, 'case.nii.gz'),
          join(ours, 'case.nii.gz'),
        );
        console.log(
          `    time ${(segmented.seconds / predicted.seconds).toFixed(2)}, memory beyond the forward pass ${(b / a).toFixed(3)}; ` +
            `equal ${(100 * agreement.equal).toFixed(4)} %, least Dice of ${agreement.labels} labels ${agreement.leastDice.toFixed(5)}`,
        );
      }
      rmSync(work, { recursive: true, force: true });
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
