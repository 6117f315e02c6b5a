import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { Grid, Scan } from '../../src/chunks.js';
import { Truth } from '../../src/scans/truth.js';
import { scanOfSeries, seriesOf } from '../support/dicom-objects.js';
import { counting, fakeNifti } from '../support/nifti.js';

/** A truth of a scan's shape, voxels 0, 1, 2, … in the order of the file. */
function truthOf({ shape: [z, y, x] }: Scan, affine: readonly number[]): Truth {
  const step = (column: number) => Math.hypot(affine[column], affine[4 + column], affine[8 + column]);
  const bytes = fakeNifti({
    dim: [3, x, y, z, 1, 1, 1, 1],
    pixdim: [1, step(0), step(1), step(2), 1, 1, 1, 1],
    sformCode: 1,
    srow: affine.slice(0, 12),
    body: counting(x * y * z),
  });
  return new Truth({ file: 'truth.nii', bytes: Readable.from([bytes]) });
}

async function firstOf(truth: Truth, scan: Scan): Promise<number[]> {
  try {
    return [...(await truth.next({ grid: { scan } as Grid }))];
  } finally {
    await truth.close();
  }
}

/** The affine with an axis, 0 for x, counted from its other end. */
function fromTheEnd(affine: readonly number[], axis: 0 | 1 | 2, length: number): number[] {
  const turned = [...affine];
  for (const row of [0, 4, 8]) {
    turned[row + 3] += affine[row + axis] * (length - 1);
    turned[row + axis] = -affine[row + axis];
  }
  return turned;
}

describe('the truth of a DICOM series', () => {
  const plane = (height: number, width: number) => Array.from({ length: height * width }, (_, i) => i);

  it('lies on it as its affine says, whichever way its rows and columns run', async () => {
    const scan = await scanOfSeries(await seriesOf());
    const [, height, width] = scan.shape;
    const stored = plane(height, width);
    expect(await firstOf(truthOf(scan, scan.affine), scan)).toEqual(stored);
    // As dcm2niix writes it: rows from the other end.
    const rows = stored.map((i) => (height - 1 - Math.floor(i / width)) * width + (i % width));
    expect(await firstOf(truthOf(scan, fromTheEnd(scan.affine, 1, height)), scan)).toEqual(rows);
    const both = fromTheEnd(fromTheEnd(scan.affine, 1, height), 0, width);
    expect(await firstOf(truthOf(scan, both), scan)).toEqual(stored.toReversed());
  });

  it('is refused where its slices are others, or lie beside', async () => {
    const scan = await scanOfSeries(await seriesOf());
    await expect(firstOf(truthOf(scan, fromTheEnd(scan.affine, 2, scan.shape[0])), scan)).rejects.toMatchObject({
      code: 'scan-unsuitable',
      subject: 'truth.nii',
      message: expect.stringContaining('its slices are not those of'),
    });
    const beside = scan.affine.map((v, i) => (i === 3 ? v + 2 : v));
    await expect(firstOf(truthOf(scan, beside), scan)).rejects.toThrow('it lies 2.00 mm beside its scan');
  });

  it('is taken voxel by voxel beside a NIfTI scan, as nnU-Net takes it', async () => {
    const scan = await scanOfSeries(await seriesOf());
    const [, height, width] = scan.shape;
    const nifti = { ...scan, header: { format: 'nifti' } } as unknown as Scan;
    const truth = truthOf(scan, fromTheEnd(scan.affine, 1, height));
    expect(await firstOf(truth, nifti)).toEqual(plane(height, width));
  });
});
