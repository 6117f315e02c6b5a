import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../../../src/chunks.js';
import { bestAffine, geometryOf } from '../../../src/formats/nifti/affine.js';
import type { NiftiGeometry } from '../../../src/formats/nifti/geometry.js';
import { createNiftiWriter, writeNifti } from '../../../src/formats/nifti/write.js';
import { openScan } from '../../../src/formats/open.js';
import { temporaryFolder } from '../../support/folder.js';
import { loadAll, noise, voxelsOf } from '../../support/nifti.js';

const shape: Triple = [2, 3, 4];
const spacing: Triple = [3, 2, 1.5];
const slices = () => [0, 1].map((z) => Int16Array.from({ length: 12 }, (_, i) => 100 * z + i - 50));
const values = slices().flatMap((slice) => [...slice]);

it('writes what nibabel and nifti1.h call a NIfTI-1 file', async () => {
  const path = join(await temporaryFolder(), 'a.nii');
  await writeNifti(path, { shape, spacing, dataType: 'int16', slices: slices() });
  const bytes = await readFile(path);
  expect(bytes.length).toBe(352 + 48);
  expect(bytes.readInt32LE(0)).toBe(348);
  expect([0, 1, 2, 3, 4].map((i) => bytes.readInt16LE(40 + 2 * i))).toEqual([3, 4, 3, 2, 1]);
  expect([bytes.readInt16LE(70), bytes.readInt16LE(72)]).toEqual([4, 16]);
  expect([0, 1, 2, 3].map((i) => bytes.readFloatLE(76 + 4 * i))).toEqual([1, 1.5, 2, 3]);
  expect([108, 112, 116].map((at) => bytes.readFloatLE(at))).toEqual([352, 1, 0]);
  expect(bytes[123]).toBe(2);
  expect([bytes.readInt16LE(252), bytes.readInt16LE(254)]).toEqual([1, 1]);
  // A half turn about z: diag(-1, -1, 1).
  expect([256, 260, 264].map((at) => bytes.readFloatLE(at))).toEqual([0, 0, 1]);
  expect(Array.from({ length: 12 }, (_, i) => bytes.readFloatLE(280 + 4 * i))).toEqual([
    -1.5, 0, 0, 0, 0, -2, 0, 0, 0, 0, 3, 0,
  ]);
  expect(bytes.toString('latin1', 344, 348)).toBe('n+1\0');
  expect(Array.from({ length: 24 }, (_, i) => bytes.readInt16LE(352 + 2 * i))).toEqual(values);
});

it('turns to NIfTI-2 where a dimension needs it', async () => {
  const path = join(await temporaryFolder(), 'a.nii.gz');
  const long = Uint8Array.from({ length: 40000 }, (_, i) => i % 251);
  await writeNifti(path, { shape: [1, 1, 40000], spacing, dataType: 'uint8', slices: [long] });
  const bytes = gunzipSync(await readFile(path));
  expect([bytes.readInt32LE(0), bytes.toString('latin1', 4, 12), bytes.length]).toEqual([
    540,
    'n+2\0\r\n\x1a\n',
    544 + 40000,
  ]);
  const [slice] = await loadAll(await openScan(path));
  expect(slice!.grid).toMatchObject({ shape: [1, 1, 40000], spacing: [3, 2, 1.5] });
  expect(Buffer.from(Uint8Array.from(slice!.data.data)).equals(long)).toBe(true);
});

const rotation = fc
  .tuple(
    fc.double({ min: -1, max: 1, noNaN: true }),
    fc.double({ min: -1, max: 1, noNaN: true }),
    fc.double({ min: -1, max: 1, noNaN: true }),
    fc.double({ min: -1, max: 1, noNaN: true }),
  )
  .filter((q) => Math.hypot(...q) > 0.1);

it('gives back what it was given: shape, spacing, affine through either form, voxels', async () => {
  const folder = await temporaryFolder();
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        size: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 7 })),
        zooms: fc.tuple(
          fc.double({ min: 0.1, max: 9, noNaN: true }),
          fc.double({ min: 0.1, max: 9, noNaN: true }),
          fc.double({ min: 0.1, max: 9, noNaN: true }),
        ),
        q: rotation,
        mirrored: fc.boolean(),
        origin: fc.tuple(
          fc.integer({ min: -500, max: 500 }),
          fc.integer({ min: -500, max: 500 }),
          fc.integer({ min: -500, max: 500 }),
        ),
        dataType: fc.constantFrom('uint8' as const, 'int16' as const, 'float32' as const),
        packed: fc.boolean(),
        seed: fc.nat(1000),
      }),
      async ({ size, zooms, q, mirrored, origin, dataType, packed, seed }) => {
        const [w, x, y, z] = q.map((v) => v / Math.hypot(...q)) as [number, number, number, number];
        const r = [
          [w * w + x * x - y * y - z * z, 2 * (x * y - w * z), 2 * (x * z + w * y)],
          [2 * (x * y + w * z), w * w - x * x + y * y - z * z, 2 * (y * z - w * x)],
          [2 * (x * z - w * y), 2 * (y * z + w * x), w * w - x * x - y * y + z * z],
        ];
        const signed = [zooms[0], zooms[1], mirrored ? -zooms[2] : zooms[2]];
        const affine = [...r.flatMap((row, i) => [...row.map((v, c) => v * signed[c]), origin[i]]), 0, 0, 0, 1];
        const make = {
          uint8: (n: number[]) => Uint8Array.from(n),
          int16: (n: number[]) => Int16Array.from(n),
          float32: (n: number[]) => Float32Array.from(n),
        }[dataType];
        const data = Array.from({ length: size[0] }, (_, s) =>
          make(Array.from({ length: size[1] * size[2] }, (_, i) => (seed * (s + 1) + 37 * i) % 256)),
        );
        const path = join(folder, packed ? 'a.nii.gz' : 'a.nii');
        await writeNifti(path, { shape: size, affine, dataType, slices: data as never });
        const read = await loadAll(await openScan(path));
        const { scan } = read[0].grid;
        expect(scan.shape).toEqual(size);
        expect([...scan.spacing].reverse()).toEqual(zooms.map((v) => expect.closeTo(v, 5)));
        expect(scan.affine).toEqual(affine.map((v) => expect.closeTo(v, 4)));
        const byQform = bestAffine(
          { ...(scan.header as NiftiGeometry), sformCode: 0 },
          { shape: size, version: 1, name: 'a' },
        );
        // Near a half turn the format itself loses up to sqrt(3 * 2^-23) of a quaternion's real
        // part: .0012 of a voxel size of up to 9.
        expect(byQform).toEqual(affine.map((v) => expect.closeTo(v, 1)));
        expect(voxelsOf(read)).toEqual(data.flatMap((slice) => [...slice]));
      },
    ),
    { numRuns: 150, seed: 5 },
  );
});

it('keeps a sheared affine in the sform alone', () => {
  const geometry = geometryOf([1, 0.3, 0, 5, 0, 2, 0, 6, 0, 0, 3, 7, 0, 0, 0, 1]);
  expect(geometry).toMatchObject({ sformCode: 1, qformCode: 0, srow: [1, 0.3, 0, 5, 0, 2, 0, 6, 0, 0, 3, 7] });
});

it('writes equal bytes for equal voxels', async () => {
  const folder = await temporaryFolder();
  const write = async (name: string) => {
    await writeNifti(join(folder, name), { shape, spacing, dataType: 'int16', slices: slices() });
    return readFile(join(folder, name));
  };
  const first = await write('a.nii.gz');
  expect((await write('b.nii.gz')).equals(first)).toBe(true);
  // Time of the gzip header.
  expect(first.readUInt32LE(4)).toBe(0);
});

it('writes gzip into a stream and ends it', async () => {
  const stream = new PassThrough();
  const [bytes] = await Promise.all([
    buffer(stream),
    writeNifti(stream, { shape, spacing, dataType: 'int16', slices: slices() }),
  ]);
  expect(voxelsOf(await loadAll(bytes))).toEqual(values);
});

it('waits for a slow destination', async () => {
  let received = 0;
  const slow = new Writable({
    highWaterMark: 1,
    write(bytes: Buffer, _encoding, done) {
      received += bytes.length;
      setTimeout(done, 5);
    },
  });
  let made = 0;
  const voxels = async function* () {
    for (; made < 12; made++) {
      yield noise(1 << 18, made);
      // Gzip holds a slice, zlib's window and one piece of output.
      expect(made * (1 << 18) - received).toBeLessThan(3 * (1 << 18));
    }
  };
  await writeNifti(slow, { shape: [12, 512, 512], spacing, dataType: 'uint8', slices: voxels() });
  expect(received).toBeGreaterThan(12 * (1 << 18));
});

describe('leaves no file behind', () => {
  const cases: [string, () => Iterable<Int16Array>, string][] = [
    ['too few slices', () => slices().slice(1), 'truncated'],
    ['too many', () => [...slices(), ...slices()], 'scan-unsuitable'],
    ['a slice of another size', () => [new Int16Array(11)], 'scan-unsuitable'],
  ];
  it.each(cases)('%s', async (_what, given, code) => {
    const folder = await temporaryFolder();
    for (const name of ['a.nii', 'a.nii.gz']) {
      const work = writeNifti(join(folder, name), { shape, spacing, dataType: 'int16', slices: given() });
      await expect(work).rejects.toMatchObject({ code });
    }
    expect(await readdir(folder)).toEqual([]);
  });
  it('a source that fails', async () => {
    const folder = await temporaryFolder();
    const failing = function* () {
      yield slices()[0];
      throw new Error('lost');
    };
    await expect(
      writeNifti(join(folder, 'a.nii.gz'), { shape, spacing, dataType: 'int16', slices: failing() }),
    ).rejects.toThrow('lost');
    expect(await readdir(folder)).toEqual([]);
  });
  it('discarded half-way', async () => {
    const folder = await temporaryFolder();
    for (const name of ['a.nii', 'a.nii.gz']) {
      const writer = await createNiftiWriter(join(folder, name), {
        shape,
        dataType: 'int16',
        geometry: geometryOf([1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]),
      });
      await writer.write(slices()[0]);
      await writer.discard();
      await writer.discard();
    }
    expect(await readdir(folder)).toEqual([]);
  });
});

it('passes on the error of a stream that fails', async () => {
  const broken = new Writable({
    write: (_bytes, _encoding, done) => done(Object.assign(new Error('closed'), { code: 'EPIPE' })),
  });
  const work = writeNifti(broken, {
    shape: [200, 64, 64],
    spacing,
    dataType: 'int16',
    slices: Array.from({ length: 200 }, (_, z) => new Int16Array(4096).map((_, i) => (i * 7919 * z) % 30011)),
  });
  await expect(work).rejects.toMatchObject({ code: 'EPIPE' });
});

it('refuses other endings and missing folders', async () => {
  const folder = await temporaryFolder();
  const write = (path: string) => writeNifti(path, { shape, spacing, dataType: 'int16', slices: slices() });
  await expect(write(join(folder, 'a.img'))).rejects.toMatchObject({ code: 'usage' });
  await expect(write(join(folder, 'no', 'a.nii'))).rejects.toMatchObject({ code: 'io' });
  await expect(writeNifti(join(folder, 'a.nii'), { shape, dataType: 'int16', slices: slices() })).rejects.toMatchObject(
    { code: 'usage' },
  );
});
