import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { CLI, jsonLines, MODEL, segcanary } from '../support/cli.js';
import { canMount, mountedFolder } from '../support/mounts.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const scan = join(workshop, 'held-out', 'held-out_0_0000.nii.gz');
const train = join(workshop, 'train');
const cache = ['--cache', join(workshop, 'detector.cache')];

describe.runIf(canMount)('a full disk', () => {
  it('under the temporary file fails the scan with a sentence that names --tmpdir', async () => {
    const tmp = mountedFolder('size=64k');
    const ran = await segcanary(['score', '-d', detector, '-i', scan, '--tmpdir', tmp]);
    expect(ran.code).toBe(1);
    expect(jsonLines(ran)).toMatchObject([{ case: 'held-out_0', error: { code: 'io' } }]);
    expect(ran.stderr).toMatch(/^[^\n]*the disk is full[^\n]*--tmpdir[^\n]*\n$/);
    expect(readdirSync(tmp)).toEqual([]);
  });

  it.each([
    ['score', ['-d', detector]],
    ['segment', ['-m', MODEL, '-d', detector]],
  ])('under the outputs of %s: said in a sentence, and no part of a file', async (command, args) => {
    const out = mountedFolder('size=16k');
    const ran = await segcanary([command, ...args, '-i', scan, '-o', out]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/cannot write .*: the disk is full\./);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
    expect(readdirSync(out).filter((name) => !name.endsWith('.json') && !name.endsWith('.csv'))).toEqual([]);
  });

  it('under a new detector leaves none, and no part of one', async () => {
    const disk = mountedFolder('size=512k');
    const to = join(disk, 'detector');
    const fit = ['fit', '-m', MODEL, '-i', train, '-o', to, ...cache];
    const fresh = await segcanary(fit);
    expect([fresh.code, readdirSync(disk)]).toEqual([1, []]);
    expect(fresh.stderr).toMatch(/cannot write .*detector: the disk is full\./);
  });

  it('under a calibration leaves the detector as it was', async () => {
    const disk = mountedFolder('size=32m');
    const to = join(disk, 'detector');
    cpSync(detector, to, { recursive: true });
    const before = readFileSync(join(to, 'detector.json'));
    const spare = join(disk, 'spare');
    // Writes until nothing more fits.
    spawnSync('sh', ['-c', `cat /dev/zero > ${spare}`]);
    const ran = await segcanary(['calibrate', '-d', to, '-i', join(workshop, 'held-out')]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(/cannot write .*detector\.json: the disk is full\./);
    expect(readFileSync(join(to, 'detector.json')).equals(before)).toBe(true);
    expect(readdirSync(to).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('under the cache of a fit fails with a sentence', async () => {
    const full = mountedFolder('size=8k');
    const to = join(workshop, 'no-room-for-the-cache');
    const ran = await segcanary(['fit', '-m', MODEL, '-i', train, '-o', to, '--cache', full]);
    expect([ran.code, existsSync(to)]).toEqual([1, false]);
    expect(ran.stderr).toMatch(/the disk is full/);
    // What fitted whole, the intensities of a scan, may stay; no part of a file does.
    expect(readdirSync(full).filter((name) => !/^[0-9a-f]{64}\.(intensities|identity)$/.test(name))).toEqual([]);
  });
});

describe.runIf(existsSync('/dev/full'))('a full disk behind stdout', () => {
  const into = (args: readonly string[]) =>
    spawnSync('sh', ['-c', '"$@" > /dev/full', 'sh', process.execPath, CLI, ...args], { encoding: 'utf8' });

  it.each([
    ['score', ['score', '-d', detector, '-i', scan]],
    ['score --mask -', ['score', '-d', detector, '-i', scan, '--mask', '-']],
    ['segment -o -', ['segment', '-m', MODEL, '-i', scan, '-o', '-']],
    ['inspect', ['inspect', detector]],
  ])('%s fails with a sentence', (_, args) => {
    const ran = into(args);
    expect(ran.status).toBe(1);
    expect(ran.stderr).toMatch(/ENOSPC|the disk is full/);
    expect(ran.stderr).not.toMatch(/\n\s+at /);
  });
});
