import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, inject, it } from 'vitest';
import { parseHeader } from '../../src/formats/nifti/header.js';
import { shiftsFor } from '../../src/simulate/registry.js';
import { jsonLines, segcanary } from '../support/cli.js';
import { fakeNifti } from '../support/nifti.js';

const workshop = inject('workshop');
const MODEL = join(import.meta.dirname, '../../examples/phantom/model');
const scan = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');

describe('segcanary simulate', () => {
  it('writes shifted copies in the geometry of the scan, and the rows of a cohort', async () => {
    const folder = mkdtempSync(join(workshop, 'simulate-'));
    const labels = join(folder, 'labels');
    mkdirSync(labels);
    writeFileSync(join(labels, 'held-out_2.nii.gz'), '');
    const output = join(folder, 'out');
    const args = [
      'simulate',
      '-i',
      scan,
      '--shift',
      'low-dose',
      'rescale-slope',
      '--grade',
      '1',
      '3',
      '--labels',
      labels,
    ];
    const ran = await segcanary([...args, '-o', output]);
    expect([ran.code, ran.stderr]).toEqual([0, '']);
    expect(jsonLines(ran)).toMatchObject([
      { case: 'held-out_2', shift: 'low-dose', grade: 1, what: '60 HU of noise more' },
      { shift: 'low-dose', grade: 3 },
      { shift: 'rescale-slope', grade: 1 },
      { shift: 'rescale-slope', grade: 3, file: join(output, 'held-out_2_rescale-slope-3.nii.gz') },
    ]);
    const rows = readFileSync(join(output, 'cohort.csv'), 'utf8').trim().split('\n');
    expect(rows[0]).toBe('case,image,label,split,group,shift,dataset');
    expect(rows[1]).toBe(
      `held-out_2_low-dose-1,held-out_2_low-dose-1.nii.gz,${join(labels, 'held-out_2.nii.gz')},test,ood,low-dose,simulated`,
    );
    expect(rows.length).toBe(5);
    const read = (path: string) => {
      const bytes = gunzipSync(readFileSync(path));
      return { header: parseHeader(new Uint8Array(bytes), { name: path }), bytes };
    };
    const [before, after] = [read(scan), read(join(output, 'held-out_2_rescale-slope-1.nii.gz'))];
    expect(after.header.geometry).toEqual(before.header.geometry);
    expect(after.header.shape).toEqual(before.header.shape);
    const hu = new Int16Array(Uint8Array.from(before.bytes.subarray(before.header.voxelOffset)).buffer);
    const floats = new Float32Array(Uint8Array.from(after.bytes.subarray(after.header.voxelOffset)).buffer);
    expect(floats.every((v, i) => v === Math.fround(hu[i] * 1.25))).toBe(true);

    const again = join(folder, 'again');
    await segcanary([...args, '-o', again]);
    for (const file of readdirSync(output).filter((f) => f.endsWith('.gz')))
      expect(readFileSync(join(again, file)).equals(readFileSync(join(output, file)))).toBe(true);
  });

  it('lets a corrupt scan fail alone, without a file of its own, and refuses unknown shifts', async () => {
    const folder = mkdtempSync(join(workshop, 'simulate-'));
    writeFileSync(join(folder, 'b.nii.gz'), readFileSync(scan).subarray(0, 5000));
    const output = join(folder, 'out');
    const ran = await segcanary([
      'simulate',
      '-i',
      scan,
      join(folder, 'b.nii.gz'),
      '--shift',
      'motion',
      '--grade',
      '2',
      '-o',
      output,
    ]);
    expect(ran.code).toBe(3);
    expect(jsonLines(ran)).toMatchObject([{ case: 'held-out_2' }, { case: 'b', error: { code: 'truncated' } }]);
    expect(readdirSync(output).sort()).toEqual(['cohort.csv', 'held-out_2_motion-2.nii.gz']);
    expect((await segcanary(['simulate', '-i', scan, '--shift', 'ageing', '-o', output])).code).toBe(2);
  });

  it('shifts an MR as an MR, and refuses to as a CT unless told that it is one', async () => {
    const folder = mkdtempSync(join(workshop, 'simulate-mr-'));
    const mr = join(folder, 'mr.nii');
    const body = new Uint8Array(Int16Array.from({ length: 480 }, (_, i) => (i * 37) % 101).buffer);
    writeFileSync(mr, fakeNifti({ dim: [3, 10, 12, 4, 1, 1, 1, 1], body }));
    const run = (...args: string[]) => segcanary(['simulate', '-q', '-i', mr, '-o', join(folder, 'out'), ...args]);
    const all = await run('--grade', '1');
    expect([all.code, jsonLines(all).map((line) => (line as { shift: string }).shift)]).toEqual([
      0,
      shiftsFor('mr').map(({ name }) => name),
    ]);
    const refused = await run('--shift', 'low-dose');
    expect(refused.code).toBe(1);
    expect(jsonLines(refused)).toEqual([
      {
        case: 'mr',
        error: {
          code: 'scan-unsuitable',
          message: `${mr}: has values from 0 to 100 and looks like an MR (a CT has some below -90 HU), and low-dose is a shift of CTs; where it is a CT all the same, say so with --modality.`,
        },
      },
    ]);
    expect((await run('--shift', 'low-dose', '--modality', 'ct')).code).toBe(0);
    // It is for CTs.
    expect((await run('-m', MODEL)).code).toBe(1);
  });
});
