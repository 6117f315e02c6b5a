import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { contentIn, contentOf } from '../../../src/formats/nifti/content.js';
import { parseHeader } from '../../../src/formats/nifti/header.js';
import { createNiftiWriter, writeNifti } from '../../../src/formats/nifti/write.js';
import { temporaryFolder } from '../../support/folder.js';
import { fakeNifti } from '../../support/nifti.js';

const geometry = parseHeader(fakeNifti({}).subarray(0, 348), { name: 'x' }).geometry;

async function written(path: string, width: number, content?: 'labels' | 'simulated scan') {
  const writer = await createNiftiWriter(path, { shape: [1, 1, width], dataType: 'uint8', geometry, content });
  await writer.write(Uint8Array.from({ length: width }, (_, i) => (i * 7919) % 251));
  await writer.commit();
}

it('an image says what it is, in both versions, packed and not, and a scan says nothing', async () => {
  const folder = await temporaryFolder();
  for (const name of ['a.nii', 'a.nii.gz'])
    for (const width of [3, 40_000])
      for (const content of ['labels', 'simulated scan', undefined] as const) {
        await written(join(folder, name), width, content);
        expect(await contentOf(join(folder, name)), `${name} ${width}`).toBe(content ?? null);
        const bytes = await readFile(join(folder, name));
        const header = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).subarray(0, width > 32767 ? 540 : 348);
        // Nothing else of the header has changed by it.
        expect(parseHeader(header, { name }).geometry).toEqual(geometry);
        const at = width > 32767 ? 240 : 148;
        const text = content ? `segcanary: ${content}` : '';
        expect(header.subarray(at, at + 80).toString('latin1')).toBe(text.padEnd(80, '\0'));
      }
  await writeNifti(join(folder, 'b.nii'), {
    shape: [1, 1, 1],
    spacing: [1, 1, 1],
    dataType: 'uint8',
    slices: [Uint8Array.of(1)],
  });
  expect(await contentOf(join(folder, 'b.nii'))).toBeNull();
});

it('what cannot be read, or is of others, is not ours', async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, 'folder.nii'));
  await writeFile(join(folder, 'empty.nii'), '');
  await writeFile(join(folder, 'half.nii.gz'), gzipSync(fakeNifti({})).subarray(0, 20));
  await writeFile(join(folder, 'text.nii.gz'), 'segcanary: labels');
  const others = fakeNifti({});
  others.write('FreeSurfer 7', 148);
  await writeFile(join(folder, 'others.nii'), others);
  for (const name of [...(await readdir(folder)), 'gone.nii'])
    expect([name, await contentOf(join(folder, name))]).toEqual([name, null]);
});

it('whatever the bytes are, there is an answer', () => {
  const header = Buffer.from(fakeNifti({}));
  header.write('segcanary: labels', 148);
  for (let length = 0; length <= 348; length++)
    expect(contentIn(header.subarray(0, length))).toBe(length === 348 ? 'labels' : null);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      expect(contentIn(bytes)).toBeNull();
    }),
  );
});
