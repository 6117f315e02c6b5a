import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
