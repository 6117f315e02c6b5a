/**
 * What the two exact savings of `score` are worth on phantoms, each against the same command
 * without it, in turn, medians of three, and that the verdicts are the same:
 *
 *   --early               stops with a certain verdict; the scan is out of distribution, or it
 *                         costs what it cost
 *   --remember-constants  encodes patches of a single value once; a scan with a wide field of view,
 *                         where they are many, and one without
 *
 *     npm run build && npx tsx bench/savings.ts
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatePhantom, type Phantom } from '../examples/phantom/phantom.js';
import { SHIFTS } from '../examples/phantom/shifts/index.js';
import { sites } from '../examples/phantom/sites.js';
import { writePhantom } from '../examples/phantom/write.js';
import type { EarlyVerdict, SubjectScore } from '../src/index.js';
import { CLI, machine, median, runNode } from './measure.js';

const MODEL = fileURLToPath(new URL('../examples/phantom/model', import.meta.url));
const RUNS = 3;
const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));
const detector = join(folder, 'detector');
const phantom = (seed: number) => generatePhantom({ seed, site: sites[seed % sites.length] });
const shifted = (name: string, severity: 1 | 2 | 3, seed: number) =>
  SHIFTS.find((shift) => shift.name === name)!.apply(phantom(seed), severity, seed);

/**
 * The same patient in the middle of a field of view `factor` times as wide and as high, air all
 * around, as on a scanner of 80 cm.
 */
function widen(scan: Phantom, factor: number): Phantom {
  const [depth, height, width] = scan.shape;
  const [h, w] = [height * factor, width * factor];
  const volume = new Int16Array(depth * h * w).fill(-1024);
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) {
      const to = (z * h + y + ((h - height) >> 1)) * w + ((w - width) >> 1);
      volume.set(scan.volume.subarray((z * height + y) * width, (z * height + y + 1) * width), to);
    }
  return { ...scan, volume, shape: [depth, h, w] };
}

async function write(group: string, name: string, scan: Phantom): Promise<string> {
  mkdirSync(join(folder, group), { recursive: true });
  const path = join(folder, group, `${name}_0000.nii.gz`);
  await writePhantom(scan, path);
  return path;
}

/** Scores a scan with and without an option, in turn. */
async function compare(what: string, scan: string, option: string): Promise<void> {
  const args = [CLI, 'score', '-q', '-d', detector, '-i', scan];
  const seconds: [number[], number[]] = [[], []];
  let results: (SubjectScore | EarlyVerdict)[] = [];
  for (let run = 0; run < RUNS; run++) {
    results = [];
    for (const [i, more] of [[], [option]].entries()) {
      const measured = await runNode([...args, ...more]);
      seconds[i].push(measured.seconds);
      results.push(JSON.parse(measured.stdout) as SubjectScore | EarlyVerdict);
    }
  }
  const [whole, saved] = results as [SubjectScore, SubjectScore | EarlyVerdict];
  const same =
    saved.verdict === whole.verdict &&
    (saved.score === null ? saved.scoreAtLeast <= whole.score : saved.score === whole.score);
  const [before, after] = seconds.map(median) as [number, number];
  const patches = saved.patches === whole.patches ? `${whole.patches}` : `${saved.patches} of ${whole.patches}`;
  console.log(
    `  ${option.padEnd(20)}  ${what.padEnd(38)}  ${before.toFixed(2)} → ${after.toFixed(2)} s, ${(after / before).toFixed(2)} of the time, ${patches} patches, ${whole.verdict}${same ? ', the same' : ': THEY DIFFER'}`,
  );
  if (!same) process.exitCode = 1;
}

try {
  for (const seed of [1, 2, 3, 4]) await write('train', `t${seed}`, phantom(seed));
  for (const seed of [5, 6, 7, 8]) await write('calibration', `c${seed}`, phantom(seed));
  await runNode([CLI, 'fit', '-q', '-m', MODEL, '-i', join(folder, 'train'), '-o', detector]);
  await runNode([CLI, 'calibrate', '-q', '-d', detector, '-i', join(folder, 'calibration')]);
  console.log(`bench/savings: the phantom network, whole processes, medians of ${RUNS} (${machine()})`);
  const early = [
    ['unshifted', phantom(9)],
    ['rescale intercept, 100 HU too high', shifted('rescale-intercept', 1, 10)],
    ['rescale intercept, 1024 HU too high', shifted('rescale-intercept', 3, 10)],
    ['MR contrast', shifted('mr-contrast', 3, 11)],
  ] as const;
  for (const [what, scan] of early)
    await compare(what, await write('test', what.replace(/\W+/g, '-'), scan), '--early');
  const wide = [
    ['field of view as it is', phantom(12)],
    ['field of view twice as wide and high', widen(phantom(12), 2)],
    ['field of view three times', widen(phantom(12), 3)],
  ] as const;
  for (const [what, scan] of wide)
    await compare(what, await write('test', what.replace(/\W+/g, '-'), scan), '--remember-constants');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
