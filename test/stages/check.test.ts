import { describe, expect, it } from 'vitest';
import type { Warning } from '../../src/results.js';
import { runScan } from '../../src/scans/run.js';
import { chain } from '../../src/stages/chain.js';
import { check } from '../../src/stages/check.js';
import { drain } from '../../src/stages/collectors.js';
import { type FakeNifti, fakeNifti } from '../support/nifti.js';
import { ct, mr, planOf } from '../support/plans.js';

const plan = planOf({ channels: [ct], spacing: [2.5, 1.5, 0.5], cropToNonzero: false });

const int16 = (values: readonly number[]) => Buffer.from(Int16Array.from(values).buffer);

const hounsfield = int16(Array.from({ length: 24 }, (_, i) => 50 * i - 1000));

const srow = [-0.5, 0, 0, 0, 0, -1.5, 0, 0, 0, 0, 2.5, 0];

const lps: FakeNifti = { body: hounsfield, sformCode: 1, srow };

/** The same with voxels of another size, which the sform has too. */
const lpsOf = (x: number, y: number, z: number): FakeNifti => ({
  ...lps,
  pixdim: [1, x, y, z, 1, 1, 1, 1],
  srow: [-x, 0, 0, 0, 0, -y, 0, 0, 0, 0, z, 0],
});

async function warningsOf(fake: FakeNifti, expected: object = {}, file = 'scan.nii'): Promise<Warning[]> {
  const found: Warning[] = [];
  const onWarning = (warning: Warning, name: string) => {
    expect(name).toBe('case');
    found.push(warning);
  };
  const checked = chain(check({ plan, onWarning, ...expected }));
  await runScan(
    [
      {
        file,
        bytes: (async function* () {
          yield fakeNifti(fake);
        })(),
      },
    ],
    { case: 'case', onWarning },
    checked,
    drain,
  );
  return found;
}

const codes = async (...args: Parameters<typeof warningsOf>) => (await warningsOf(...args)).map(({ code }) => code);

describe('check', () => {
  it('says nothing of a CT as it should be', async () => {
    expect(await warningsOf(lps, { orientations: ['LPS'] })).toEqual([]);
  });

  it('warns of a CT without Hounsfield units, and of no other modality', async () => {
    const stored = int16(Array.from({ length: 24 }, (_, i) => 170 * i));
    expect(await warningsOf({ ...lps, body: stored })).toEqual([
      { code: 'not-hounsfield', message: expect.stringMatching(/values from 0 to 3910 and none below 0/) },
    ]);
    // The intercept is what was missing.
    expect(await codes({ ...lps, body: stored, slope: 1, inter: -1024 })).toEqual([]);
    expect(await codes({ ...lps, body: stored }, { plan: { ...plan, channels: [mr] } })).toEqual([]);
  });

  it.each([0, -1000])('refuses a scan that is %d everywhere', async (value) => {
    const body = int16(new Array(24).fill(value));
    await expect(warningsOf({ ...lps, body })).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message: `case: every voxel is ${value}, there is nothing in the scan to judge; export it again.`,
    });
  });

  it('warns of voxels that no scanner gives, and of those that are far from the model’s', async () => {
    const of = ([x, y, z]: readonly [number, number, number]) => codes(lpsOf(x, y, z));
    expect(await of([0.5, 1.5, 2.5])).toEqual([]);
    expect(await of([0.5, 1.5, 0.01])).toEqual(['implausible-spacing']);
    expect(await of([0.5, 1.5, 25])).toEqual(['implausible-spacing']);
    expect(await of([0.5, 1.5, 19.9])).toEqual([]);
    expect(await of([4.1, 1.5, 2.5])).toEqual(['implausible-spacing']);
    expect(await of([0.5, 1.5, 0.3])).toEqual(['implausible-spacing']);
  });

  it('warns of what the header says before the second slice, so in a scan too that is then refused', async () => {
    const told: string[] = [];
    const empty = { body: int16(new Array(24).fill(0)), pixdim: [1, 0.5, 1.5, 25, 1, 1, 1, 1] };
    const onWarning = ({ code }: Warning) => told.push(code);
    let slices = 0;
    const checked = chain(check({ plan, onWarning, orientations: ['RPI'] })).observe(() => {
      if (slices++ === 0) expect(told).toEqual(['implausible-spacing', 'orientation']);
    });
    const bytes = (async function* () {
      yield fakeNifti({ ...empty, sformCode: 1, srow });
    })();
    await expect(runScan(bytes, { case: 'case' }, checked, drain)).rejects.toMatchObject({ code: 'scan-unsuitable' });
    expect(slices).toBeGreaterThan(1);
    expect(told).toHaveLength(2);
  });

  it('says nothing of spacing where every scan gets one shape', async () => {
    const shaped = { plan: { ...plan, spacing: null, resizeTo: [4, 4, 4] as const } };
    expect(await codes(lpsOf(4.1, 1.5, 2.5), shaped)).toEqual([]);
    expect(await codes(lpsOf(0.5, 1.5, 25), shaped)).toEqual(['implausible-spacing']);
  });

  it('warns of a header that lost its geometry', async () => {
    const bare = { body: hounsfield, pixdim: [1, 1, 1, 1, 1, 1, 1, 1] };
    expect(await codes(bare, { plan: { ...plan, spacing: [1, 1, 1] } })).toEqual(['no-geometry']);
  });

  it('warns of axes that run otherwise than in training, where the reader does not turn them', async () => {
    expect(await warningsOf(lps, { orientations: ['RAS', 'RPS'] })).toEqual([
      {
        code: 'orientation',
        message: expect.stringMatching(/axes run LPS and those of the training scans RAS or RPS/),
      },
    ]);
    expect(await codes(lps, { orientations: ['RAS'], plan: { ...plan, reader: 'ras' } })).toEqual([]);
    expect(await codes(lps, { orientations: [] })).toEqual([]);
  });

  it('warns of what looks like a segmentation', async () => {
    const labels = int16(Array.from({ length: 24 }, (_, i) => Number(i >= 12 && i < 20)));
    const anyValues = { plan: { ...plan, channels: [mr] } };
    expect(await codes({ ...lps, body: labels }, anyValues)).toEqual(['looks-like-a-segmentation']);
    const noisy = int16(Array.from({ length: 24 }, (_, i) => (i >= 12 && i < 20 ? i : 0)));
    expect(await codes({ ...lps, body: noisy }, anyValues)).toEqual([]);
  });

  it('warns of a name that does not say how the file is packed', async () => {
    expect(await codes(lps, {}, 'scan.nii.gz')).toEqual(['file-ending']);
    expect(await codes(lps, {}, 'scan')).toEqual([]);
  });
});
