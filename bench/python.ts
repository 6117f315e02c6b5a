/**
 * The same work in Python and here, each a process of its own, in turn, medians of three (one run
 * above d = 4000):
 *
 *   score  one scan by a detector, against nnunetv2's preprocessing, onnxruntime, torch and numpy
 *          in one script (python_side.py): wall time, peak resident set
 *   load   a scan to float32 voxels, against nibabel
 *   fit    mean, Ledoit-Wolf covariance, its factor, rank and condition number, against
 *          scikit-learn's LedoitWolf().fit, precision included; N = 2 d rows
 *
 * Needs the Python environment of test/oracle/setup.sh.
 *
 *     npm run build && npx tsx bench/python.ts [score] [load] [fit [d …]]
 */
import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createGzip } from 'node:zlib';
import { CLI, machine, median, runNode, runPython } from './measure.js';
import { syntheticScan } from './synthetic.js';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const MODEL = here('../examples/phantom/model');
const python = <T extends object>(...args: readonly string[]) =>
  runPython<T & { readonly peakMb: number }>(here('./python_side.py'), args);
const wanted = process.argv.slice(2).filter((a) => !/^\d+$/.test(a));
const sizes = process.argv.slice(2).filter((a) => /^\d+$/.test(a));
const asked = (name: string) => wanted.length === 0 || wanted.includes(name);
const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));

const write = async (name: string, slices: number) => {
  const path = join(folder, name);
  const scan = syntheticScan({ size: 512, slices, spacing: [2.5, 0.7, 0.7] });
  await pipeline(scan, createGzip({ level: 6 }), createWriteStream(path));
  return path;
};
const line = (what: string, seconds: readonly number[], peaks: readonly number[]) =>
  console.log(
    `    ${what.padEnd(10)} ${median(seconds).toFixed(1).padStart(6)} s  ${median(peaks).toFixed(0).padStart(6)} MB  (${seconds.map((s) => s.toFixed(1)).join(', ')})`,
  );

async function score(): Promise<void> {
  const detector = join(folder, 'detector');
  const training = await write('training_0000.nii.gz', 60);
  await runNode([CLI, 'fit', '-q', '-m', MODEL, '-i', training, '-o', detector]);
  for (const slices of [100, 400]) {
    const scan = await write(`scan${slices}.nii.gz`, slices);
    const ours = { seconds: [] as number[], peaks: [] as number[] };
    const theirs = { seconds: [] as number[], peaks: [] as number[] };
    let scores: readonly [number, number] = [0, 0];
    let patches = 0;
    for (let turn = 0; turn < 3; turn++) {
      const mine = await runNode([CLI, 'score', '-q', '-d', detector, '-i', scan]);
      const started = performance.now();
      const other = await python<{ score: number; patches: number }>('score', detector, MODEL, scan);
      theirs.seconds.push((performance.now() - started) / 1000);
      theirs.peaks.push(other.peakMb);
      ours.seconds.push(mine.seconds);
      ours.peaks.push(mine.peakMb);
      const result = JSON.parse(mine.stdout) as { score: number; patches: number };
      scores = [result.score, other.score];
      patches = result.patches;
      if (other.patches !== patches) throw new Error(`${patches} patches here, ${other.patches} in Python`);
    }
    console.log(`  score, 512x512x${slices} .nii.gz, the phantom network, ${patches} patches`);
    line('Python', theirs.seconds, theirs.peaks);
    line('segcanary', ours.seconds, ours.peaks);
    const speed = median(theirs.seconds) / median(ours.seconds);
    const memory = median(ours.peaks) / median(theirs.peaks);
    console.log(
      `    ${speed.toFixed(2)} times the speed, ${memory.toFixed(3)} of the memory; scores differ by ${Math.abs(scores[0] / scores[1] - 1).toExponential(1)} relative; ${(3600 / median(ours.seconds)).toFixed(0)} scans an hour, each a process`,
    );
    if (speed < 1 || memory > 0.25) process.exitCode = 1;
  }
}

async function load(): Promise<void> {
  const scan = await write('load.nii.gz', 400);
  const ours: number[] = [];
  const theirs: number[] = [];
  const peaks = { ours: [] as number[], theirs: [] as number[] };
  for (let turn = 0; turn < 3; turn++) {
    const mine = await runNode([here('./load.mjs'), scan]);
    const other = await python<{ seconds: number }>('load', scan);
    ours.push(Number(mine.stdout));
    theirs.push(other.seconds);
    peaks.ours.push(mine.peakMb);
    peaks.theirs.push(other.peakMb);
  }
  console.log('  load, 512x512x400 int16 .nii.gz to float32, without start-up');
  line('nibabel', theirs, peaks.theirs);
  line('segcanary', ours, peaks.ours);
  const rate = (seconds: number) => ((512 * 512 * 400) / 1e6 / seconds).toFixed(0);
  console.log(
    `    ${rate(median(theirs))} and ${rate(median(ours))} million voxels a second: ${(median(theirs) / median(ours)).toFixed(2)} times the speed`,
  );
}

async function fit(): Promise<void> {
  for (const d of sizes.length > 0 ? sizes : ['1280', '3840', '5120']) {
    const n = String(2 * Number(d));
    const ours = { seconds: [] as number[], peaks: [] as number[] };
    const theirs = { seconds: [] as number[], peaks: [] as number[] };
    let parts = '';
    // Minutes each: once in turn is enough to see a ratio of five.
    const turns = Number(d) > 4000 ? 1 : 3;
    for (let turn = 0; turn < turns; turn++) {
      const mine = await runNode([...process.execArgv, here('./fit.ts'), d, n]);
      const other = await python<{ seconds: number }>('fit', d, n);
      const [covariance, factor] = ['covariance', 'factor'].map((name) =>
        Number(new RegExp(`^${name} +([\\d.]+) s`, 'm').exec(mine.stdout)![1]),
      ) as [number, number];
      ours.seconds.push(covariance + factor);
      ours.peaks.push(mine.peakMb);
      theirs.seconds.push(other.seconds);
      theirs.peaks.push(other.peakMb);
      parts = `covariance ${covariance.toFixed(1)} s, factor ${factor.toFixed(1)} s`;
    }
    console.log(`  fit, d = ${d}, N = ${n}, float64${turns === 1 ? ', one run' : ''}`);
    line('sklearn', theirs.seconds, theirs.peaks);
    line('segcanary', ours.seconds, ours.peaks);
    console.log(
      `    ${(median(ours.seconds) / median(theirs.seconds)).toFixed(2)} of the time (${parts}), ${(median(ours.peaks) / median(theirs.peaks)).toFixed(2)} of the memory`,
    );
  }
}

try {
  console.log(`bench/python: medians of 3 (${machine()})`);
  for (const [name, part] of Object.entries({ score, load, fit })) if (asked(name)) await part();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
