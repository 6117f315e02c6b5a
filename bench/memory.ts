/**
 * Peak resident set of `segcanary score`, and of `segcanary segment` with a detector, against the
 * length of the scan: 512x512 and 100, 400, 1600 slices on stdin, the same detector, medians of
 * three.
 *
 *     npm run build && npx tsx bench/memory.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeDetector } from './detector.js';
import { CLI, machine, median, runNode } from './measure.js';
import { syntheticScan } from './synthetic.js';

const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));
try {
  const detector = await makeDetector(folder);
  const machineName = machine();
  await measure('score', 32, () => [CLI, 'score', '-d', detector, '-i', '-']);
  await measure('score --explain', 32, () => [CLI, 'score', '-d', detector, '-i', '-', '--explain']);
  const out = (i: number) => join(folder, `out-${i}`);
  const model = join(folder, 'model');
  await measure('segment', 64, (i) => [CLI, 'segment', '-m', model, '-d', detector, '-i', '-', '-o', out(i)]);

  /** @param bound MB that 1600 slices may take more than 100 */
  async function measure(command: string, bound: number, args: (i: number) => string[]): Promise<void> {
    console.log(
      `bench/memory: peak RSS of \`segcanary ${command} -i -\`, 512x512xN int16 at 1 x .7 x .7 mm, medians of 3 (${machineName})`,
    );
    const peaks: number[] = [];
    for (const slices of [100, 400, 1600]) {
      const runs = [];
      for (let i = 0; i < 3; i++)
        runs.push(await runNode(args(i), syntheticScan({ size: 512, slices, spacing: [1, 0.7, 0.7] })));
      const { patches } = JSON.parse(runs[0].stdout) as { patches: number };
      const peak = median(runs.map((r) => r.peakMb));
      peaks.push(peak);
      console.log(
        `  ${String(slices).padStart(4)} slices  ${peak.toFixed(0).padStart(4)} MB  (${runs.map((r) => r.peakMb.toFixed(0)).join(', ')})  ${patches} patches, ${median(runs.map((r) => r.seconds)).toFixed(1)} s`,
      );
    }
    const growth = peaks[2] - peaks[0];
    console.log(`  1600 slices against 100: ${growth >= 0 ? '+' : ''}${growth.toFixed(1)} MB (bound: +${bound})`);
    if (growth > bound) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
