import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { groupCases, listCases } from '../../src/formats/cases.js';
import { temporaryFolder } from '../support/folder.js';

it.each([
  ['/a/case_1_0000.nii.gz', 'case_1'],
  ['case_1.nii', 'case_1'],
  ['case_1_0001.nii.gz', 'case_1_0001'],
  ['b.img.gz', 'b'],
  ['b.HDR', 'b'],
  ['a.b.nii', 'a.b'],
  ['scan', 'scan'],
])('names the case of %s %s', (path, name) => {
  expect(groupCases([path])).toEqual([{ case: name, files: [path] }]);
});

async function folderOf(...names: string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const name of names) await writeFile(join(folder, name), '');
  return folder;
}

it('lists the cases of a folder in order, channels together, pairs once', async () => {
  const folder = await folderOf(
    'c_0001.nii.gz',
    'c_0000.nii.gz',
    'a_0000.nii.gz',
    'B.nii',
    'p.hdr',
    'p.img',
    'q.hdr.gz',
    'q.img.gz',
    'scan_2019.nii.gz',
    'd_0001.nii.gz',
    '.a.nii.gz.1.partial',
    '.hidden.nii',
    'notes.txt',
    'lonely.img',
  );
  await mkdir(join(folder, 'sub.nii'));
  const files = (...names: string[]) => names.map((name) => join(folder, name));
  expect(await listCases(folder)).toEqual([
    { case: 'B', files: files('B.nii') },
    { case: 'a', files: files('a_0000.nii.gz') },
    { case: 'c', files: files('c_0000.nii.gz', 'c_0001.nii.gz') },
    { case: 'd_0001', files: files('d_0001.nii.gz') },
    { case: 'p', files: files('p.hdr') },
    { case: 'q', files: files('q.hdr.gz') },
    { case: 'scan_2019', files: files('scan_2019.nii.gz') },
  ]);
});

it('refuses two files for one case', async () => {
  for (const names of [
    ['a.nii', 'a.nii.gz'],
    ['a.nii', 'a_0000.nii.gz'],
    ['a.hdr', 'a.nii'],
  ]) {
    const folder = await folderOf(...names);
    await expect(listCases(folder)).rejects.toMatchObject({
      code: 'usage',
      message: `${join(folder, names[0])} and ${join(folder, names[1])} would both be the case a; rename one or leave it out.`,
    });
  }
});

it('says when there is no folder', async () => {
  const folder = await folderOf('a.nii');
  expect(await listCases(await folderOf())).toEqual([]);
  await expect(listCases(join(folder, 'x'))).rejects.toMatchObject({ code: 'io' });
  await expect(listCases(join(folder, 'a.nii'))).rejects.toMatchObject({ code: 'io' });
});
