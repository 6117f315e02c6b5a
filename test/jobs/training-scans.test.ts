import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readTrainingScans } from '../../src/jobs/training-scans.js';
import type { ScanFailure } from '../../src/results.js';
import { writeScan } from '../support/scans.js';

const folder = mkdtempSync(join(tmpdir(), 'segcanary-training-'));
const input = (name: string) => ({ case: name, file: join(folder, `${name}.nii`) });

describe('readTrainingScans', () => {
  it('leaves out what fails, pipes included, and says what a detector writes down of the others', async () => {
    for (const [seed, name] of ['a', 'b'].entries()) await writeScan({ path: input(name).file, seed });
    execFileSync('mkfifo', [input('pipe').file]);
    const inputs = ['a', 'gone', 'pipe', 'refused', 'b'].map(input);
    await writeScan({ path: input('refused').file, seed: 3 });
    const told: ScanFailure[] = [];
    const scans = await readTrainingScans({ inputs, onFailure: (failure) => told.push(failure) }, async (scan) => {
      if (scan.case === 'refused') throw new Error('not this one');
      return scan.case.toUpperCase();
    });
    const hashOf = (name: string) =>
      createHash('sha256')
        .update(readFileSync(input(name).file))
        .digest('hex');
    expect(scans).toMatchObject({ read: ['A', 'B'], hashes: [hashOf('a'), hashOf('b')], orientations: ['LPS'] });
    expect(scans.failures).toEqual(told);
    expect(told.map(({ case: name, error }) => [name, error.code])).toEqual([
      ['gone', 'io'],
      ['pipe', 'usage'],
      ['refused', 'internal'],
    ]);
  });

  it('leaves out a segmentation, and a scan that is there twice, packed the second time', async () => {
    const first = await writeScan({ path: input('first').file, seed: 11 });
    const packed = { case: 'packed', file: join(folder, 'packed.nii.gz') };
    writeFileSync(packed.file, gzipSync(readFileSync(first)));
    const labels = readFileSync(first);
    // 0 and 1 for the int16 of air and body.
    for (let at = 352; at < labels.length; at += 2) labels.writeInt16LE(Number((at / 144) % 2 < 0.5), at);
    writeFileSync(input('labels').file, labels);
    const scans = await readTrainingScans(
      { inputs: [input('first'), packed, input('labels')] },
      async (scan) => scan.case,
    );
    expect(scans.read).toEqual(['first']);
    expect(scans.voxels).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    expect(scans.failures).toMatchObject([
      { case: 'packed', error: { code: 'usage', message: expect.stringContaining(`is the same scan as ${first}`) } },
      { case: 'labels', error: { code: 'scan-unsuitable', message: expect.stringContaining('it is a segmentation') } },
    ]);
  });

  it('warns of several scans of one patient, by name or table', async () => {
    const inputs = ['P1_visit1', 'P1_visit2'].map(input);
    for (const [seed, { file }] of inputs.entries()) await writeScan({ path: file, seed: 20 + seed });
    const warningsWith = async (patients?: ReadonlyMap<string, string>) =>
      (await readTrainingScans({ inputs, patients }, async () => 1)).warnings.map(({ code }) => code);
    expect(await warningsWith()).toEqual(['scans-of-one-patient']);
    const table = new Map(inputs.map(({ case: name }) => [name, name]));
    expect(await warningsWith(table)).toEqual([]);
    table.delete('P1_visit2');
    await expect(warningsWith(table)).rejects.toThrow('P1_visit2: the table of patients does not have this case');
  });

  it('has nothing to fit to where none can be read', async () => {
    await expect(readTrainingScans({ inputs: [input('gone')] }, async () => 1)).rejects.toMatchObject({
      code: 'fit-failed',
    });
  });

  it('stops when it is asked to', async () => {
    const signal = AbortSignal.abort();
    await expect(readTrainingScans({ inputs: [input('a')], signal }, async () => 1)).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});
