import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAtomicFile, writeFileAtomically } from '../../src/files/atomic.js';
import { temporaryFolder } from '../support/folder.js';

it('shows a file only when it is whole', async () => {
  const folder = await temporaryFolder();
  const path = join(folder, 'a.json');
  await writeFile(path, 'old');
  const file = await createAtomicFile(path);
  file.stream.write('new ');
  expect(await readFile(path, 'utf8')).toBe('old');
  expect((await readdir(folder)).filter((name) => name.startsWith('.') && name.endsWith('.partial'))).toHaveLength(1);
  file.stream.write('content');
  await file.commit();
  expect(await readFile(path, 'utf8')).toBe('new content');
  expect(await readdir(folder)).toEqual(['a.json']);
  await file.discard();
  expect(await readdir(folder)).toEqual(['a.json']);
});

it('leaves nothing when it is discarded, twice too', async () => {
  const folder = await temporaryFolder();
  const file = await createAtomicFile(join(folder, 'a'));
  file.stream.write(Buffer.alloc(1 << 20));
  await Promise.all([file.discard(), file.discard()]);
  await file.discard();
  expect(await readdir(folder)).toEqual([]);
});

it('writes small files in one go', async () => {
  const path = join(await temporaryFolder(), 'a');
  await Promise.all([writeFileAtomically(path, 'x'.repeat(1e5)), writeFileAtomically(path, 'y'.repeat(1e5))]);
  expect(await readFile(path, 'utf8')).toMatch(/^(x{100000}|y{100000})$/);
});

it('says what stands in the way', async () => {
  const folder = await temporaryFolder();
  await expect(writeFileAtomically(join(folder, 'no', 'a'), '')).rejects.toMatchObject({
    code: 'io',
    message: `cannot write ${folder}/no/a: the folder ${folder}/no does not exist, create it first.`,
  });
  await writeFile(join(folder, 'file'), '');
  await expect(writeFileAtomically(join(folder, 'file', 'a'), '')).rejects.toThrow('is not a folder');
  await mkdir(join(folder, 'taken', 'inside'), { recursive: true });
  await expect(writeFileAtomically(join(folder, 'taken'), '')).rejects.toMatchObject({ code: 'io' });
  expect((await readdir(folder)).sort()).toEqual(['file', 'taken']);
});
