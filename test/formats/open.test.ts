import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { openScan } from '../../src/formats/open.js';
import { countsDescriptors, openBelow } from '../support/descriptors.js';
import { temporaryFolder } from '../support/folder.js';
import { counting, fakeNifti, loadAll, voxelsOf } from '../support/nifti.js';

const expected = Array.from({ length: 24 }, (_, i) => i);
const read = async (path: string) => voxelsOf(await loadAll(await openScan(path), { name: path }));

describe('pairs', () => {
  it('let go of an .img that is a pipe when they are no longer wanted', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'a.hdr'), fakeNifti({ magic: 'ni1\0', voxelOffset: 0 }).subarray(0, 348));
    execFileSync('mkfifo', [join(folder, 'a.img')]);
    const scan = await openScan(join(folder, 'a.img'));
    const held = openBelow(folder);
    expect(held).toHaveLength(countsDescriptors ? 1 : 0);
    scan.destroy();
    await vi.waitFor(() => expect(openBelow(folder)).toEqual([]));
  });

  it('are given up while their header is waited for', async () => {
    const folder = await temporaryFolder();
    for (const name of ['a.hdr', 'a.img']) execFileSync('mkfifo', [join(folder, name)]);
    const open = (limits: object, signal?: AbortSignal) => openScan(join(folder, 'a.hdr'), limits, signal);
    await expect(open({ stall: 0.05 })).rejects.toMatchObject({ code: 'timed-out' });
    await expect(open({}, AbortSignal.timeout(50))).rejects.toMatchObject({ code: 'aborted' });
  });

  const pairs = [1, 2].flatMap((version) =>
    [true, false].flatMap((littleEndian) =>
      [0, 16].map((offset) => ({ version: version as 1 | 2, littleEndian, offset })),
    ),
  );
  it.each(pairs)(
    'version $version, little-endian $littleEndian, voxels from byte $offset of the .img',
    async (variant) => {
      const { version, littleEndian, offset } = variant;
      const magic = version === 1 ? 'ni1\0' : 'ni2\0\r\n\x1a\n';
      const whole = fakeNifti({ version, littleEndian, magic, voxelOffset: offset, body: counting(24, littleEndian) });
      const length = version === 1 ? 348 : 540;
      // Writers differ in whether four bytes of "no extensions" follow.
      for (const header of [whole.subarray(0, length), Buffer.concat([whole.subarray(0, length), Buffer.alloc(4)])]) {
        const image = Buffer.concat([Buffer.alloc(offset, 9), counting(24, littleEndian)]);
        const folder = await temporaryFolder();
        await writeFile(join(folder, 'a.hdr'), header);
        await writeFile(join(folder, 'a.img'), image);
        await writeFile(join(folder, 'b.hdr.gz'), gzipSync(header));
        await writeFile(join(folder, 'b.img.gz'), gzipSync(image));
        await writeFile(join(folder, 'c.hdr'), header);
        await writeFile(join(folder, 'c.img.gz'), gzipSync(image));
        await writeFile(join(folder, 'D.HDR'), header);
        await writeFile(join(folder, 'D.IMG'), image);
        for (const name of ['a.hdr', 'a.img', 'b.hdr.gz', 'b.img.gz', 'c.hdr', 'c.img.gz', 'D.HDR', 'D.IMG']) {
          expect(await read(join(folder, name))).toEqual(expected);
        }
      }
    },
  );

  it('that hold more than their header says, or whose packing is damaged', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'a.hdr');
    await writeFile(path, fakeNifti({ magic: 'ni1\0', voxelOffset: 0 }).subarray(0, 348));
    await writeFile(join(folder, 'a.img'), Buffer.concat([counting(24), Buffer.alloc(24)]));
    const codes: string[] = [];
    await loadAll(await openScan(path), { onWarning: ({ code }) => void codes.push(code) });
    expect(codes).toEqual(['trailing-data']);

    const nan = new Float32Array(24).fill(Number.NaN);
    const packed = gzipSync(new Uint8Array(nan.buffer));
    await writeFile(
      join(folder, 'b.hdr'),
      fakeNifti({ magic: 'ni1\0', voxelOffset: 0, datatype: 16 }).subarray(0, 348),
    );
    await writeFile(join(folder, 'b.img.gz'), packed);
    await expect(read(join(folder, 'b.hdr'))).rejects.toMatchObject({ code: 'non-finite' });
    packed[packed.length - 8] ^= 1;
    await writeFile(join(folder, 'b.img.gz'), packed);
    await expect(read(join(folder, 'b.hdr'))).rejects.toMatchObject({ code: 'gzip-corrupt' });
  });

  it('that are incomplete', async () => {
    const folder = await temporaryFolder();
    const header = fakeNifti({ magic: 'ni1\0', voxelOffset: 0 }).subarray(0, 348);
    await writeFile(join(folder, 'a.hdr'), header);
    await writeFile(join(folder, 'b.img'), counting(24));
    await expect(openScan(join(folder, 'a.hdr'))).rejects.toMatchObject({
      code: 'io',
      message: `${folder}/a.hdr: its other half ${folder}/a.img (or ${folder}/a.img.gz) is not there; a pair needs both files in one folder.`,
    });
    await expect(openScan(join(folder, 'b.img'))).rejects.toThrow(/b\.hdr \(or .*b\.hdr\.gz\) is not there/);
    await writeFile(join(folder, 'a.img'), counting(23));
    await expect(read(join(folder, 'a.img'))).rejects.toMatchObject({ code: 'truncated' });
    await writeFile(join(folder, 'b.hdr'), header.subarray(0, 100));
    await expect(read(join(folder, 'b.img'))).rejects.toMatchObject({
      code: 'truncated',
      message: `${folder}/b.hdr: a NIfTI header has 348 bytes and this file 100; it is incomplete, copy it again.`,
    });
    await writeFile(join(folder, 'b.hdr'), fakeNifti({ magic: '\0\0\0\0' }).subarray(0, 348));
    await expect(read(join(folder, 'b.img'))).rejects.toThrow(/b\.hdr: .*Analyze 7\.5/);
    await writeFile(join(folder, 'b.hdr'), fakeNifti());
    await expect(read(join(folder, 'b.img'))).rejects.toThrow(/whole NIfTI file under the name of a header/);
  });
});

it('opens single files under any other name', async () => {
  const folder = await temporaryFolder();
  for (const name of ['a.nii', 'a.nii.gz', 'scan']) {
    await writeFile(join(folder, name), name.endsWith('gz') ? gzipSync(fakeNifti()) : fakeNifti());
    expect(await read(join(folder, name))).toEqual(expected);
  }
});

it('says what stands in the way', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'a.nii'));
  await expect(openScan(join(folder, 'b.nii'))).rejects.toMatchObject({
    code: 'io',
    message: `cannot read ${folder}/b.nii: there is no such file or folder.`,
  });
  await expect(openScan(join(folder, 'a.nii'))).rejects.toMatchObject({
    code: 'io',
    message: `cannot read ${folder}/a.nii: it is a folder, give a file.`,
  });
});
