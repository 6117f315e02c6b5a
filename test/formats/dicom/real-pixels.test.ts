import { createReadStream, createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FrameReader } from '../../../src/formats/dicom/frame-reader.js';
import { readDicomHeader } from '../../../src/formats/dicom/header.js';
import { closeCodecs } from '../../../src/formats/dicom/pixels/decode.js';
import { dataDir, dataFile } from '../../support/data.js';
import { expectedOf, headerOf, rangeOf, sha256Of } from '../../support/dicom-pixels.js';

/** Files by their path below dicom/; in an archive, behind its name. */
const real = Object.entries(expectedOf('pixels-real.json'));
const archives = [
  ...new Set(real.map(([name]) => /^.+?\.tgz(?=\/)/.exec(name)?.[0]).filter((name) => name !== undefined)),
];

describe.skipIf(dataDir === null)('the pixels of real files', () => {
  let folder = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'segcanary-test-'));
    for (const archive of archives) {
      const unpacking = extract();
      const packed = pipeline(createReadStream(dataFile(`dicom/${archive}`)), createGunzip(), unpacking);
      for await (const entry of unpacking) {
        const path = join(folder, archive, entry.header.name);
        mkdirSync(entry.header.type === 'directory' ? path : dirname(path), { recursive: true });
        if (entry.header.type === 'file') await pipeline(entry, createWriteStream(path));
        else entry.resume();
      }
      await packed;
    }
  });
  afterAll(async () => {
    await closeCodecs();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are those of pydicom, voxel for voxel', async () => {
    const differ: string[] = [];
    for (const [name, { pixels, slope, intercept, sha256 }] of real) {
      const path = name.includes('.tgz/') ? join(folder, name) : dataFile(`dicom/${name}`);
      const file = rangeOf(path, name);
      const read = await readDicomHeader(file);
      // The header reader keeps no pixels of what is neither CT nor MR nor PET.
      const header = read?.pixels ? read : headerOf(file, pixels, { slope, intercept });
      const reader = new FrameReader();
      for (const [i, frame] of header.frames.entries()) {
        const values = await reader.read({ header, frame, position: [0, 0, 0] }, i);
        if (sha256Of(values) !== sha256[i]) differ.push(`${name} ${i}`);
      }
      await reader.close();
    }
    expect(real.length).toBeGreaterThan(100);
    expect(differ).toEqual([]);
  });
});
