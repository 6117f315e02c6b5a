import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { canMount, makeReadOnly, mountedFolder } from '../support/mounts.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const scan = join(workshop, 'held-out', 'held-out_0_0000.nii.gz');
const train = join(workshop, 'train');

describe.runIf(canMount)('a read-only disk', () => {
  it('is told in one sentence by every command, wherever it is', async () => {
    const disk = mountedFolder('size=16m');
    mkdirSync(join(disk, 'out'));
    cpSync(detector, join(disk, 'detector'), { recursive: true });
    makeReadOnly(disk);
    const score = ['score', '-d', detector, '-i', scan];
    const cases: string[][] = [
      [...score, '-o', join(disk, 'out')],
      [...score, '-o', join(disk, 'new')],
      [...score, '--mask', join(disk, 'mask.nii.gz')],
      [...score, '--tmpdir', disk],
      ['segment', '-m', MODEL, '-i', scan, '-o', join(disk, 'out')],
      ['segment', '-m', MODEL, '-d', detector, '-i', scan, '-o', join(disk, 'new')],
      ['fit', '-m', MODEL, '-i', train, '-o', join(disk, 'fitted'), '--cache', join(workshop, 'detector.cache')],
      ['fit', '-m', MODEL, '-i', train, '-o', join(disk, 'detector'), '--cache', join(workshop, 'detector.cache')],
      ['fit', '-m', MODEL, '-i', train, '-o', join(workshop, 'never'), '--cache', join(disk, 'cache')],
      ['calibrate', '-d', join(disk, 'detector'), '-i', scan],
    ];
    for (const args of cases) {
      const ran = await segcanary([...args, '-q']);
      expect([ran.code, args]).toEqual([1, args]);
      expect(ran.stderr, args.join(' ')).toMatch(/read-only|EROFS/);
      expect(ran.stderr.trim().split('\n'), args.join(' ')).toHaveLength(1);
    }
    expect(readdirSync(disk).sort()).toEqual(['detector', 'out']);
    expect(readdirSync(join(disk, 'out'))).toEqual([]);
    expect((await segcanary(['score', '-d', join(disk, 'detector'), '-i', scan])).code).toBe(0);
  });
});

it('an input that cannot be read fails alone, with its name', async () => {
  const folder = mkdtempSync(join(workshop, 'unreadable-'));
  symlinkSync(join(folder, 'gone'), join(folder, 'dangling.nii'));
  mkdirSync(join(folder, 'folder.nii'));
  writeFileSync(join(folder, 'empty.nii.gz'), '');
  const inputs = ['dangling.nii', 'empty.nii.gz'].map((name) => join(folder, name));
  // The first page of a process's memory is never mapped: it can be opened, and reading it is an
  // I/O error.
  if (process.platform === 'linux') {
    symlinkSync('/proc/self/mem', join(folder, 'broken.nii'));
    inputs.push(join(folder, 'broken.nii'));
  }
  const ran = await segcanary(['score', '-d', detector, '-i', ...inputs, scan]);
  expect(ran.code).toBe(3);
  const results = jsonLines(ran) as { case: string; error?: { code: string; message: string } }[];
  for (const [i, path] of inputs.entries()) expect(results[i].error!.message).toContain(path);
  expect(results.at(-1)).toMatchObject({ case: 'held-out_0', verdict: 'in-distribution' });
  expect(ran.stderr.trim().split('\n')).toHaveLength(inputs.length);
});
