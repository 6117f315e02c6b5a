import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { CLI, jsonLines, MODEL, runProcess, segcanary } from '../support/cli.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const scan = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');

/** A folder with a folder `s` of scans in it. */
function folderOf(...names: string[]) {
  const folder = mkdtempSync(join(workshop, 'outputs-'));
  mkdirSync(join(folder, 's'));
  for (const name of names) copyFileSync(scan, join(folder, 's', `${name}.nii.gz`));
  return {
    run: (...args: string[]) => segcanary(args, { cwd: folder }),
    at: (...parts: string[]) => join(folder, ...parts),
  };
}

describe('is refused before the first scan', () => {
  const segment = ['segment', '-m', MODEL, '-i', 's'];
  const score = ['score', '-d', detector, '-i', 's'];
  const simulate = ['simulate', '-i', 's', '--shift', 'low-dose', '--grade', '1'];
  it.each<[string, string[], string[], string]>([
    [
      'labels over scans',
      ['a'],
      [...segment, '-o', 's'],
      's/a.nii.gz: the segmentation of a would overwrite this input; name another place with -o.',
    ],
    [
      'labels over scans, by a link',
      ['a'],
      [...segment, '-o', 'link'],
      'link/a.nii.gz: the segmentation of a would overwrite the input s/a.nii.gz, which is the same file; name another place with -o.',
    ],
    [
      'a mask over its scan',
      ['a'],
      [...score, '--mask', 's/a.nii.gz'],
      's/a.nii.gz: the uncertainty mask of a would overwrite this input; name another place with --mask.',
    ],
    [
      'two results in one file',
      ['x', 'x_uncertainty'],
      [...segment, '-d', detector, '-o', 'o'],
      'o/x_uncertainty.nii.gz: would be both the uncertainty mask of x and the segmentation of x_uncertainty; rename one of the scans, or take them apart.',
    ],
    [
      'a case named summary',
      ['summary'],
      [...score, '-o', 'o'],
      'o/summary.json: would be both the summary and the result of summary; rename the scan, or call it otherwise with --case.',
    ],
    [
      'a copy over a scan',
      ['x', 'x_low-dose-1'],
      [...simulate, '-o', 's'],
      's/x_low-dose-1.nii.gz: the copy of x_low-dose-1 would overwrite this input; name another place with -o.',
    ],
  ])('%s', async (_, names, args, message) => {
    const { run, at } = folderOf(...names);
    symlinkSync(at('s'), at('link'));
    const ran = await run(...args);
    expect([ran.code, ran.stderr, ran.stdout.toString()]).toEqual([2, `segcanary: ${message}\n`, '']);
    for (const name of names) expect(readFileSync(at('s', `${name}.nii.gz`)).equals(readFileSync(scan))).toBe(true);
    expect([readdirSync(at()).sort(), readdirSync(at('s')).length]).toEqual([['link', 's'], names.length]);
  });
});

it('lines that the shell would append to a scan are refused, and names that would be hidden', async () => {
  const { at } = folderOf('a');
  const before = readFileSync(at('s', 'a.nii.gz'));
  const appended = await runProcess(
    '/bin/sh',
    ['-c', '"$@" >> s/a.nii.gz', 'sh', process.execPath, CLI, ...['score', '-d', detector, '-i', 's/a.nii.gz']],
    { cwd: at('.') },
  );
  expect([appended.code, appended.stderr]).toEqual([
    2,
    expect.stringMatching(/the results would overwrite the input s\/a\.nii\.gz, which is the same file/),
  ]);
  expect(readFileSync(at('s', 'a.nii.gz'))).toEqual(before);
  for (const name of ['', ' ', '.', '.hidden']) {
    const ran = await segcanary(['score', '-d', detector, '-i', at('s', 'a.nii.gz'), '--case', name]);
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringMatching(/its files would be hidden/)]);
  }
});

it('a scan that lies where a result would go is nobody’s to remove', async () => {
  const { run, at } = folderOf();
  writeFileSync(at('s', 'cut.nii.gz'), readFileSync(scan).subarray(0, 5000));
  copyFileSync(scan, at('precious.nii.gz'));
  const ran = await run('score', '-d', detector, '-i', 's/cut.nii.gz', '--mask', 'precious.nii.gz');
  expect(ran.code).toBe(1);
  expect(readFileSync(at('precious.nii.gz'))).toEqual(readFileSync(scan));
});

it('the results of a run are no scans of the next one', async () => {
  const { run, at } = folderOf('a_0000');
  const args = ['segment', '-m', MODEL, '-d', detector, '-i', 's', '-o', 's'];
  const first = await run(...args);
  const second = await run(...args);
  expect([second.code, second.stdout.toString()]).toEqual([0, first.stdout.toString()]);
  expect(second.stderr).toBe(
    'segcanary: warning: s: It holds 2 images that segcanary made (a.nii.gz: labels, …), left out; name one by itself to take it all the same.\n',
  );
  const [named] = jsonLines(await run('score', '-d', detector, '-i', 's/a_uncertainty.nii.gz'));
  expect(named).toMatchObject({ case: 'a_uncertainty', verdict: 'out-of-distribution' });
  expect(readdirSync(at('s'))).toHaveLength(6);
});

it('a case that fails, or cannot be written, loses what was there, and the others go on', async () => {
  const long = 'n'.repeat(240);
  const { run, at } = folderOf('a', 'b');
  const args = ['segment', '-m', MODEL, '-d', detector, '-i', 's', '-o', 'o'];
  expect((await run(...args)).code).toBe(0);
  writeFileSync(at('s/a.nii.gz'), readFileSync(scan).subarray(0, 3000));
  copyFileSync(scan, at('s', `${long}.nii.gz`));
  const ran = await run(...args, '-q');
  expect(ran.code).toBe(3);
  expect(jsonLines(ran)).toMatchObject([
    { case: 'a', error: { code: 'truncated' } },
    { case: 'b', verdict: 'in-distribution' },
    { case: long, error: { code: 'io', message: expect.stringContaining('would have 259 bytes') } },
  ]);
  const left = ['a.json', 'b.json', 'b.nii.gz', 'b_uncertainty.nii.gz', `${long}.json`, 'scores.csv', 'summary.json'];
  expect(readdirSync(at('o')).sort()).toEqual(left);
});
