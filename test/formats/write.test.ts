import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { headerLength, parseHeader } from '../../src/formats/nifti/header.js';
import { createVolumeWriter } from '../../src/formats/write.js';
import { temporaryFolder } from '../support/folder.js';
import { scanOf } from '../support/grids.js';

const scan = scanOf([2, 3, 4]);

async function written(name: string, of: typeof scan) {
  const path = join(await temporaryFolder(), name);
  const writer = await createVolumeWriter(path, { scan: of, dataType: 'uint8' });
  for (let z = 0; z < 2; z++) await writer.write(new Uint8Array(12).fill(z));
  await writer.commit();
  const bytes = await readFile(path);
  return { bytes, header: parseHeader(bytes.subarray(0, headerLength(bytes) ?? 0), { name }) };
}

describe('createVolumeWriter', () => {
  it('writes the header of a scan that came as NIfTI again as it was', async () => {
    const { bytes, header } = await written('a.nii', scan);
    expect(header.geometry).toEqual(scan.header);
    expect([...bytes.subarray(352)]).toEqual([...new Array(12).fill(0), ...new Array(12).fill(1)]);
  });

  it('writes a scan of another format by its affine', async () => {
    const affine = [-2, 0, 0, 10, 0, -3, 0, 20, 0, 0, 4, -30, 0, 0, 0, 1];
    const { header } = await written('b.nii', { ...scan, affine, header: { format: 'another' } });
    expect(header.affine).toEqual(affine);
    expect(header.spacing).toEqual([4, 3, 2]);
    expect(header.geometry).toMatchObject({ sformCode: 1, qformCode: 1 });
  });

  it('refuses an ending that no form has', async () => {
    const path = join(await temporaryFolder(), 'c.png');
    await expect(createVolumeWriter(path, { scan, dataType: 'uint8' })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringContaining('c.png'),
    });
  });
});
