import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { expect, it, vi } from 'vitest';
import type { MaskSlice, Scan } from '../../src/chunks.js';
import { openScan } from '../../src/formats/open.js';
import { save } from '../../src/stages/save.js';
import { temporaryFolder } from '../support/folder.js';
import { type FakeNifti, fakeNifti, loadAll, voxelsOf } from '../support/nifti.js';
import { collect, drain } from '../support/streams.js';

/** Slices of a mask on the grid of a scan: voxel i of slice z is z + i / 8. */
function maskOf(scan: Scan): MaskSlice[] {
  const [depth, height, width] = scan.shape;
  return Array.from({ length: depth }, (_, z) => ({
    scan,
    z,
    count: height * width,
    sum: 0,
    patches: 1,
    worstPatch: { distance: 1, centre: [0, 0, 0] },
    render: () => Float32Array.from({ length: height * width }, (_, i) => z + i / 8),
  }));
}
const scanOf = async (fake?: FakeNifti) => (await loadAll(fakeNifti(fake), { case: 'case_1' }))[0].grid.scan;
const expected = [0, 1].flatMap((z) => Array.from({ length: 12 }, (_, i) => z + i / 8));

const geometries: [string, FakeNifti][] = [
  [
    'sform and qform',
    { sformCode: 2, qformCode: 1, quatern: [0, 0, 1, 7, 8, 9], srow: [1, 0.25, 0, 5, 0, 2, 0, 6, 0, 0, 3, 7] },
  ],
  ['qform only, left-handed', { qformCode: 1, quatern: [0, 0, 1, 7, 8, 9], pixdim: [-1, 0.5, 1.5, 2.5, 1, 1, 1, 1] }],
  ['neither', {}],
  ['metres', { units: 1, qformCode: 1, quatern: [0, 0, 0, 1, 2, 3] }],
  [
    'NIfTI-2, big-endian',
    { version: 2, littleEndian: false, sformCode: 1, srow: [1, 0, 0, 5, 0, 2, 0, 6, 0, 0, 3, 7] },
  ],
  ['4-D', { dim: [4, 4, 3, 2, 1, 1, 1, 1], pixdim: [1, 0.5, 1.5, 2.5, 2, 1, 1, 1] }],
];

it.each(geometries)('writes a mask in the geometry of its scan: %s', async (_what, fake) => {
  const scan = await scanOf(fake);
  const path = join(await temporaryFolder(), 'case_1_uncertainty.nii.gz');
  const mask = maskOf(scan);
  const passed = await collect<MaskSlice>(mask, save({ to: path }));
  expect(passed).toEqual(mask);
  const read = await loadAll(await openScan(path));
  expect(voxelsOf(read)).toEqual(expected);
  const written = read[0].grid.scan;
  expect(written.header).toEqual(scan.header);
  expect(written).toMatchObject({ shape: scan.shape, spacing: scan.spacing, affine: scan.affine });
});

it('keeps an older mask until the new one is whole', async () => {
  const scan = await scanOf();
  const folder = await temporaryFolder();
  const path = join(folder, 'a.nii');
  await writeFile(path, 'old');
  const half = function* () {
    yield maskOf(scan)[0];
    throw new Error('lost');
  };
  await expect(pipeline(Readable.from(half()), save({ to: path }), drain)).rejects.toThrow('lost');
  await vi.waitFor(async () => expect(await readdir(folder)).toEqual(['a.nii']));
  expect(await readFile(path, 'utf8')).toBe('old');
  await expect(pipeline(Readable.from(maskOf(scan).slice(1)), save({ to: path }), drain)).rejects.toMatchObject({
    code: 'truncated',
  });
  expect(await readFile(path, 'utf8')).toBe('old');
  await vi.waitFor(async () => expect(await readdir(folder)).toEqual(['a.nii']));
});

it('leaves nothing behind when it is aborted, whenever that is', async () => {
  const scan = await scanOf();
  const folder = await temporaryFolder();
  for (let delay = 0; delay < 12; delay++) {
    const controller = new AbortController();
    const slow = async function* () {
      for (const slice of maskOf(scan)) {
        yield slice;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    setTimeout(() => controller.abort(), delay);
    const work = pipeline(Readable.from(slow()), save({ to: join(folder, 'a.nii.gz') }), drain, {
      signal: controller.signal,
    });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  }
  await vi.waitFor(async () => expect(await readdir(folder)).toEqual([]));
});

it('writes gzip into a stream', async () => {
  const stream = new PassThrough();
  const [bytes] = await Promise.all([
    buffer(stream),
    pipeline(Readable.from(maskOf(await scanOf())), save({ to: stream }), drain),
  ]);
  expect(voxelsOf(await loadAll(bytes))).toEqual(expected);
});

it('says that nothing came', async () => {
  await expect(pipeline(Readable.from([]), save({ to: 'a.nii' }), drain)).rejects.toMatchObject({
    code: 'truncated',
    message: 'a.nii: no slice of a mask came, so none was written.',
  });
});
