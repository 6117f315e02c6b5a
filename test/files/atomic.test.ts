import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createAtomicFile, makeFolder, writeFileAtomically } from '../../src/files/atomic.js';
import { openFile } from '../../src/files/open.js';
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

it('names a name that is not UTF-8 for what it is', async () => {
  const folder = await temporaryFolder();
  const bytes = Buffer.concat([Buffer.from(`${folder}/a`), Buffer.from([0xff]), Buffer.from('.nii')]);
  const taken = await writeFile(bytes, '').then(
    () => true,
    () => false,
  );
  // File systems that take UTF-8 alone, as those of macOS, have no such names.
  if (!taken) return;
  const [name] = await readdir(folder);
  const error = await openFile(join(folder, name)).catch((cause) => cause);
  expect(error).toMatchObject({ code: 'io' });
  expect(error.message).toBe(
    `cannot read ${folder}/a\uFFFD.nii: its name is not UTF-8 (\uFFFD stands for what cannot be read of it), so it cannot be opened; rename it.`,
  );
  // A name that holds that very character is one like any other.
  await writeFileAtomically(join(folder, 'b\uFFFD'), 'x');
  (await openFile(join(folder, 'b\uFFFD'))).destroy();
});

it('makes folders, as many at a time as want them, and says where none can be made', async () => {
  const folder = await temporaryFolder();
  const deep = join(folder, 'a', 'b', 'c');
  await Promise.all([makeFolder(deep), makeFolder(deep), makeFolder(`${folder}/a/b/`), makeFolder(folder)]);
  expect(await readdir(join(folder, 'a', 'b'))).toEqual(['c']);
  await writeFile(join(folder, 'file'), '');
  await expect(makeFolder(join(folder, 'file'))).rejects.toThrow('there is a file of that name');
  await expect(makeFolder(join(folder, 'file', 'x', 'y'))).rejects.toThrow(/is a file|is not a folder|of that name/);
  await expect(makeFolder(join(folder, 'x\ufffd', 'y'))).rejects.toThrow('its name is not UTF-8');
  expect((await readdir(folder)).sort()).toEqual(['a', 'file']);
  // Node's own recursive mkdir has no end there.
  if (process.platform === 'linux')
    await expect(makeFolder('/proc/segcanary/deep')).rejects.toMatchObject({
      code: 'io',
      message: 'cannot write /proc/segcanary: no folder can be made in /proc.',
    });
});
