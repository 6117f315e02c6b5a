import { spawnSync } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { groupCases, listCases, type OwnResult } from '../../src/formats/cases.js';
import { parseHeader } from '../../src/formats/nifti/header.js';
import { createNiftiWriter } from '../../src/formats/nifti/write.js';
import { temporaryFolder } from '../support/folder.js';
import { fakeNifti } from '../support/nifti.js';

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

it('leaves out what segcanary made, links to it too, and copies where that is asked for', async () => {
  const folder = await folderOf('a_0000.nii', 'broken.nii.gz');
  const geometry = parseHeader(fakeNifti({}).subarray(0, 348), { name: 'x' }).geometry;
  const contents = { a: 'labels', a_uncertainty: 'uncertainty', b: 'simulated scan', c: undefined } as const;
  for (const [name, content] of Object.entries(contents)) {
    const options = { shape: [1, 1, 1], dataType: 'uint8', geometry, content } as const;
    const writer = await createNiftiWriter(join(folder, `${name}.nii.gz`), options);
    await writer.write(Uint8Array.of(1));
    await writer.commit();
  }
  await symlink(join(folder, 'a.nii.gz'), join(folder, 'link.nii.gz'));
  const listed = async (copies?: boolean) => {
    const left: string[] = [];
    const onResult = ({ file, content }: OwnResult) => left.push(`${basename(file)} ${content}`);
    return [(await listCases(folder, { copies, onResult })).map((found) => found.case), left];
  };
  const results = ['a.nii.gz labels', 'a_uncertainty.nii.gz uncertainty'];
  expect(await listed()).toEqual([
    ['a', 'b', 'broken', 'c'],
    [...results, 'link.nii.gz labels'],
  ]);
  expect(await listed(true)).toEqual([
    ['a', 'broken', 'c'],
    [...results, 'b.nii.gz simulated scan', 'link.nii.gz labels'],
  ]);
});

it('opens nothing but plain files, so that a pipe without a writer holds nobody up', async () => {
  const folder = await folderOf('a.nii');
  if (spawnSync('mkfifo', [join(folder, 'fifo.nii.gz')]).status !== 0) return;
  expect((await listCases(folder)).map((found) => found.case)).toEqual(['a', 'fifo']);
});

it('takes names that are not UTF-8 once, and leaves the rest of the folder alone', async () => {
  const folder = await folderOf('a.nii');
  try {
    for (const byte of [0xfe, 0xff])
      await writeFile(Buffer.concat([Buffer.from(`${folder}/b`), Buffer.of(byte), Buffer.from('.nii')]), '');
  } catch {
    // File systems that take UTF-8 alone have no such names.
    return;
  }
  expect((await listCases(folder)).map((found) => found.case)).toEqual(['a', 'b\ufffd']);
});

it('says which channel of a case is missing before its last', () => {
  const of = (...channels: string[]) => groupCases(channels.map((channel) => `/x/k_${channel}.nii.gz`));
  expect(of('0000', '0001')[0].missingChannel).toBeUndefined();
  expect(of('0000', '0002')[0]).toMatchObject({ case: 'k', missingChannel: '0001' });
  expect(of('0003', '0000', '0001')[0].missingChannel).toBe('0002');
});
