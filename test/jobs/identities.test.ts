import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { identifyInput, type KnownScan, SeenScans } from '../../src/jobs/identities.js';
import { dataDir, dataFile } from '../support/data.js';
import { temporaryFolder } from '../support/folder.js';
import { type FakeNifti, fakeNifti } from '../support/nifti.js';
import { writeScan } from '../support/scans.js';

const [WIDTH, HEIGHT, DEPTH] = [6, 5, 4];
const SIZE = WIDTH * HEIGHT * DEPTH;
/** Whole numbers of a byte, 3 at the least and not along a whole side. */
const values = Array.from({ length: SIZE }, (_, i) => 3 + ((i * 7919) % 200));
const grid = (dim: readonly number[]): FakeNifti => ({
  dim: [3, ...dim, 1, 1, 1, 1],
  pixdim: [1, 0.7, 0.7, 2.5, 1, 1, 1, 1],
});
const whole = grid([WIDTH, HEIGHT, DEPTH]);
const bytesOf = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const uint8: FakeNifti = { ...whole, datatype: 2, body: Uint8Array.from(values) };

/** A margin of a value around the scan, in voxels before and behind each axis. */
function padded(margin: number, value: number): FakeNifti {
  const [w, h, d] = [WIDTH, HEIGHT, DEPTH].map((n) => n + 2 * margin);
  const body = new Float32Array(w * h * d).fill(value);
  for (let z = 0; z < DEPTH; z++)
    for (let y = 0; y < HEIGHT; y++)
      for (let x = 0; x < WIDTH; x++)
        body[((z + margin) * h + y + margin) * w + x + margin] = values[(z * HEIGHT + y) * WIDTH + x];
  return { ...grid([w, h, d]), datatype: 16, body: bytesOf(body) };
}

async function identify(bytes: Uint8Array, name = 'scan.nii'): Promise<KnownScan> {
  const file = join(await temporaryFolder(), name);
  await writeFile(file, bytes);
  const found = await identifyInput({ case: 'scan', file });
  if (found === null) throw new Error('It is a file.');
  return found;
}

describe('identifyInput', () => {
  it.each<[string, Uint8Array, string?]>([
    ['packed', gzipSync(fakeNifti(uint8)), 'scan.nii.gz'],
    ['packed at another level', gzipSync(fakeNifti(uint8), { level: 1 }), 'scan.nii.gz'],
    ['as int16', fakeNifti({ ...whole, datatype: 4, body: bytesOf(Int16Array.from(values)) })],
    ['as float32', fakeNifti({ ...whole, datatype: 16, body: bytesOf(Float32Array.from(values)) })],
    ['as float64', fakeNifti({ ...whole, datatype: 64, body: bytesOf(Float64Array.from(values)) })],
    ['as NIfTI-2', fakeNifti({ ...uint8, version: 2 })],
    ['in the other byte order', fakeNifti({ ...uint8, littleEndian: false })],
    [
      'halved, with a slope of 2 and an intercept of -10',
      fakeNifti({
        ...whole,
        datatype: 16,
        body: bytesOf(Float32Array.from(values, (v) => (v + 10) / 2)),
        slope: 2,
        inter: -10,
      }),
    ],
    [
      'with an affine along its axes',
      fakeNifti({ ...uint8, sformCode: 1, srow: [0.7, 0, 0, 9, 0, 0.7, 0, 9, 0, 0, 2.5, 9] }),
    ],
    ['in a margin of 0', fakeNifti(padded(2, 0))],
    ['in a margin of -1024', fakeNifti(padded(3, -1024))],
  ])('knows a scan %s', async (_, bytes, name) => {
    const scan = await identify(fakeNifti(uint8));
    const found = await identify(bytes, name);
    expect(found).toEqual({ ...scan, bytes: found.bytes });
    expect(found.bytes).not.toBe(scan.bytes);
  });

  it('knows a scan with another affine, although that puts its voxels elsewhere', async () => {
    const srow = [-0.7, 0, 0, 9, 0, -0.7, 0, 9, 0, 0, 2.5, 9];
    const scan = await identify(fakeNifti(uint8));
    const found = await identify(fakeNifti({ ...uint8, sformCode: 1, srow }));
    expect(found.voxels).toBe(scan.voxels);
    expect(found.oriented).not.toBe(scan.oriented);
  });

  it.each<[string, FakeNifti]>([
    ['a voxel more', { ...uint8, body: Uint8Array.from(values, (v, i) => (i === 77 ? v + 1 : v)) }],
    ['other voxel sizes', { ...uint8, pixdim: [1, 0.7, 0.7, 2.6, 1, 1, 1, 1] }],
    ['other sides', { ...uint8, dim: [3, HEIGHT, WIDTH, DEPTH, 1, 1, 1, 1] }],
    ['its slices in another order', { ...uint8, body: Uint8Array.from(values.map((_, i) => values[SIZE - 1 - i])) }],
  ])('takes a scan with %s for another', async (_, fake) => {
    expect((await identify(fakeNifti(fake))).voxels).not.toBe((await identify(fakeNifti(uint8))).voxels);
  });

  it('is null for what can be read only once, and fails as a reading does', async () => {
    const file = join(await temporaryFolder(), 'pipe.nii');
    execFileSync('mkfifo', [file]);
    expect(await identifyInput({ case: 'pipe', file })).toBeNull();
    expect(await identifyInput({ case: 'stdin', file: '-' })).toBeNull();
    await expect(identify(fakeNifti(uint8).subarray(0, 400))).rejects.toMatchObject({ code: 'truncated' });
  });

  it('keeps what it found by the bytes of the scan, and not what was damaged', async () => {
    const folder = await temporaryFolder();
    const file = await writeScan({ path: join(folder, 'a.nii.gz'), seed: 1, shape: [4, 8, 8] });
    const cache = join(folder, 'cache');
    const found = await identifyInput({ case: 'a', file }, { cache });
    const [name] = readdirSync(cache);
    const path = join(cache, name);
    const kept = await readFile(path, 'utf8');
    await writeFile(path, kept.replace('false', 'true '));
    expect(await identifyInput({ case: 'a', file }, { cache })).toEqual(found);
    expect(await readFile(path, 'utf8')).toBe(kept);
  });
});

describe('SeenScans', () => {
  it('takes a scan once, however it is stored, and names both files', async () => {
    const seen = new SeenScans();
    seen.take({ file: 'a.nii' }, await identify(fakeNifti(uint8)));
    seen.take({ file: 'b.nii' }, await identify(fakeNifti({ ...uint8, body: Uint8Array.from(values.toReversed()) })));
    const again = await identify(fakeNifti(padded(1, 0)));
    expect(() => seen.take({ file: 'c.nii' }, again)).toThrow(/^c\.nii: is the same scan as a\.nii, voxel by voxel/);
  });

  it('takes no segmentation', async () => {
    const body = Uint8Array.from({ length: SIZE }, (_, i) => Number(i % WIDTH > 1 && i < SIZE / 3));
    const labels = await identify(fakeNifti({ ...uint8, body }));
    expect(() => new SeenScans().take({ file: 'labels.nii' }, labels)).toThrow(/^labels\.nii: its voxels are labels/);
  });
});

describe.skipIf(dataDir === null)('real scans', () => {
  const folderOf = (name: string) => dataFile(`hippocampus/${name}`);
  const some = (name: string, n: number) =>
    readdirSync(folderOf(name))
      .filter((file) => file.endsWith('.nii.gz'))
      .sort()
      .slice(0, n)
      .map((file) => join(folderOf(name), file));
  const known = async (file: string) => (await identifyInput({ case: 'x', file })) as KnownScan;

  it('are told from their segmentations', async () => {
    for (const file of some('images', 25)) expect([file, (await known(file)).isSegmentation]).toEqual([file, false]);
    for (const file of some('labels', 25)) expect([file, (await known(file)).isSegmentation]).toEqual([file, true]);
    for (const file of [
      'mri/MR_Gd.nii.gz',
      'mri/mricron_ch2.nii.gz',
      'mri/brainchop_t1_crop.nii.gz',
      'sts2mm/STS_001_ct.nii.gz',
    ])
      expect([file, (await known(dataFile(file))).isSegmentation]).toEqual([file, false]);
    for (const file of ['originals/totalseg_example_seg.nii.gz', 'sts2mm/STS_001_gtv.nii.gz'])
      expect([file, (await known(dataFile(file))).isSegmentation]).toEqual([file, true]);
  });

  it('are known again when they are unpacked, and are all different', async () => {
    const [file, ...others] = some('images', 12) as [string, ...string[]];
    const { voxels } = await known(file);
    expect((await identify(gunzipSync(await readFile(file)))).voxels).toBe(voxels);
    const found = new Set([voxels]);
    for (const other of others) found.add((await known(other)).voxels);
    expect(found.size).toBe(12);
  });
});
