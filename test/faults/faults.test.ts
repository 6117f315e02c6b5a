import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { platform } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { hiddenFiles, outputsOf } from '../../campaigns/kill/outputs.js';
import { Random } from '../../campaigns/random.js';
import type { MaskSlice } from '../../src/chunks.js';
import { openDetector } from '../../src/detectors/opened.js';
import { loadFeatureDetector } from '../../src/detectors/saved.js';
import { distanceStages, preparationStages } from '../../src/pipeline.js';
import { runScan } from '../../src/run-scan.js';
import { encode } from '../../src/stages/encode.js';
import { observe } from '../../src/stages/observe.js';
import { patch } from '../../src/stages/patch.js';
import { pool } from '../../src/stages/pool.js';
import { CLI, jsonLines, MODEL, runProcess, segcanary } from '../support/cli.js';
import { writeScan } from '../support/scans.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const heldOut = join(workshop, 'held-out');
const scan = join(heldOut, 'held-out_1_0000.nii.gz');
const fresh = () => mkdtempSync(join(workshop, 'fault-'));
const linux = platform() === 'linux';

/** The command line in a shell that lets files grow to so many kB. */
const withFileLimit = (kb: number, args: readonly string[]) =>
  runProcess('bash', ['-c', `ulimit -f ${kb}; exec "$0" "$@"`, process.execPath, CLI, ...args]);

describe('a disk that takes no more', () => {
  it.runIf(linux)('fails the scan in one sentence and leaves nothing, wherever it is met', async () => {
    const tmpdir = fresh();
    // The temporary file of the scan has 36 x 72 x 72 float32, 729 kB.
    const spooling = await withFileLimit(100, ['score', '-d', detector, '-i', scan, '--tmpdir', tmpdir]);
    expect(spooling.code).toBe(1);
    expect(jsonLines(spooling)[0]).toMatchObject({ error: { code: 'io' } });
    expect(spooling.stderr.trim().split('\n').length).toBe(1);
    expect(readdirSync(tmpdir)).toEqual([]);
    const out = fresh();
    const writing = await withFileLimit(4, [
      'score',
      '-d',
      detector,
      '-i',
      scan,
      '--no-spool',
      '--mask',
      join(out, 'mask.nii'),
    ]);
    expect(writing.code).toBe(1);
    expect(jsonLines(writing)[0]).toMatchObject({
      error: { code: 'io', message: expect.stringMatching(/mask\.nii: .*larger/) },
    });
    expect(readdirSync(out)).toEqual([]);
    const fitting = await withFileLimit(40, [
      'fit',
      '-q',
      '-m',
      MODEL,
      '-i',
      join(workshop, 'train'),
      '-o',
      join(out, 'd'),
      '--cache',
      fresh(),
      '--no-spool',
    ]);
    expect(fitting.code).not.toBe(0);
    expect(outputsOf(out)).toEqual({});
  });

  it.runIf(linux && process.getuid?.() === 0)('says that it is full', async (context) => {
    const disk = fresh();
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', disk]).status !== 0)
      return context.skip('a small disk cannot be mounted here');
    try {
      const ran = await segcanary(['score', '-d', detector, '-i', scan, '--tmpdir', disk]);
      expect(ran.code).toBe(1);
      expect(jsonLines(ran)[0]).toMatchObject({
        error: { code: 'io', message: expect.stringMatching(/full|no room|space/i) },
      });
      expect(readdirSync(disk)).toEqual([]);
    } finally {
      spawnSync('umount', [disk]);
    }
  });
});

describe('what cannot be written or read', () => {
  it.runIf(linux)('is said before the first scan where it can be', async () => {
    for (const [args, sentence] of [
      [['score', '-d', detector, '-i', scan, '-o', '/sys/segcanary'], /cannot write \/sys\/segcanary/],
      [['score', '-d', detector, '-i', scan, '--mask', '/sys/mask.nii.gz'], /cannot write \/sys\/mask\.nii\.gz/],
      [['segment', '-m', MODEL, '-i', scan, '-o', '/sys/segcanary'], /cannot write \/sys\/segcanary/],
      [
        [
          'fit',
          '-q',
          '-m',
          MODEL,
          '-i',
          join(workshop, 'train'),
          '-o',
          '/sys/segcanary/d',
          '--cache',
          '/sys/segcanary/c',
        ],
        /cannot write/,
      ],
      [['score', '-d', detector, '-i', '/proc/self/mem'], /\/proc\/self\/mem/],
    ] as const) {
      const ran = await segcanary(args);
      expect(ran.code).toBe(1);
      expect(ran.stderr.trim().split('\n').length).toBe(1);
      expect(ran.stderr).toMatch(sentence);
    }
  });
});

describe('a signal at any moment', () => {
  it.each(['score', 'segment', 'fit', 'evaluate'])(
    '%s ends with its code, without a temporary file and without a part of a file',
    async (name) => {
      for (let round = 0; round < 5; round++) {
        const random = new Random(11, name, round);
        const [out, tmpdir] = [fresh(), fresh()];
        const cohort = join(fresh(), 'cohort.csv');
        const rows = ['train_0', 'train_1', 'train_2'].map(
          (c) => `${c},${join(workshop, 'train', `${c}_0000.nii.gz`)},,train,id,,`,
        );
        rows.push(`v,${join(heldOut, 'held-out_0_0000.nii.gz')},,val,id,,`, `t,${scan},,test,id,,`);
        writeFileSync(cohort, `case,image,label,split,group,shift,dataset\n${rows.join('\n')}\n`);
        const args = {
          score: ['score', '-d', detector, '-i', heldOut, '-o', out],
          segment: ['segment', '-m', MODEL, '-d', detector, '-i', heldOut, '-o', out],
          fit: ['fit', '-m', MODEL, '-i', join(workshop, 'train'), '-o', join(out, 'd'), '--cache', join(out, 'cache')],
          evaluate: [
            'evaluate',
            cohort,
            '-m',
            MODEL,
            '-o',
            join(out, 'r'),
            '--cache',
            join(out, 'cache'),
            '--resamples',
            '10',
          ],
        }[name]!;
        const signal = random.pick(['SIGINT', 'SIGTERM'] as const);
        const ran = await segcanary([...args, '--tmpdir', tmpdir], {
          // Before a command has begun to listen, a signal ends Node itself.
          started: (child) => void setTimeout(() => child.kill(signal), 700 + random.below(1500)),
        });
        const interrupted = signal === 'SIGINT' ? 130 : 143;
        expect([0, interrupted]).toContain(ran.signal === null ? ran.code : interrupted);
        expect(ran.stderr).not.toMatch(/Error:|at .*\.js:/);
        expect(readdirSync(tmpdir)).toEqual([]);
        if (ran.signal === null) expect(hiddenFiles(out)).toEqual([]);
        for (const path of Object.keys(outputsOf(out)))
          if (path.endsWith('.nii.gz')) expect(gunzipSync(readFileSync(join(out, path))).length).toBeGreaterThan(352);
          else if (path.endsWith('.json')) JSON.parse(readFileSync(join(out, path), 'utf8'));
      }
    },
    120_000,
  );
});

it('does not run ahead of a slow reader', async () => {
  const opened = await loadFeatureDetector(detector);
  const open = await openDetector(opened, { threads: 1 });
  if (open.kind !== 'features') throw new Error('the detector of the tests is one on features');
  const folder = fresh();
  mkdirSync(join(folder, 'tmp'));
  const path = join(folder, 'long.nii');
  await writeScan({ path, seed: 5, shape: [160, 160, 160] });
  const { plan, stepSize } = opened.description;
  const options = { plan, detector: open, warnings: [], tmpdir: join(folder, 'tmp') };
  const resident: number[] = [];
  let slices = 0;
  const slow = observe<MaskSlice>(async () => {
    slices++;
    await new Promise((resolve) => setTimeout(resolve, 25));
    resident.push(process.memoryUsage.rss());
  });
  const stages = distanceStages(options, opened);
  await runScan(Readable.from([readFileSync(path)]), options, [
    ...preparationStages(options),
    patch({ patchSize: plan.patchSize, stepSize }),
    encode({ encoder: open.encoder }),
    pool(),
    ...stages.slice(0, -1),
    slow,
    stages.at(-1)!,
  ]);
  expect(slices).toBe(160);
  // A patch, an activation and a slice at every stage, and no more the longer it takes.
  expect(Math.max(...resident) - resident[0]!).toBeLessThan(120e6);
}, 60_000);
