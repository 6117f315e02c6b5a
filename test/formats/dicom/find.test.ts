import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type FoundFile, filesBelow, isDamaged, readHeaders } from '../../../src/formats/dicom/find.js';
import { folderOf, studyFiles, studyFolder } from '../../support/dicom.js';

async function all<T>(found: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const one of found) list.push(one);
  return list;
}

const names = async (folder: string) => (await all(filesBelow(folder))).map(({ name }) => name);
const bytes = Buffer.from('x');

describe('the files below a folder', () => {
  it('are those at any depth, by name, without hidden ones and the index of a medium', async () => {
    const folder = await folderOf([
      ['b', bytes],
      ['a/z', bytes],
      ['a/deep/er/10', bytes],
      ['a/deep/er/9', bytes],
      ['DICOMDIR', bytes],
      ['c/dicomdir', bytes],
      ['.hidden', bytes],
      ['.folder/x', bytes],
      ['Ä ö', bytes],
    ]);
    expect(await names(folder)).toEqual(['a/deep/er/10', 'a/deep/er/9', 'a/z', 'b', 'Ä ö']);
    const [{ path, start, length }] = (await all(filesBelow(folder))) as Exclude<FoundFile, { error: unknown }>[];
    expect({ path, start, length }).toEqual({ path: join(folder, 'a/deep/er/10'), start: 0, length: 1 });
  });

  it('are followed through links, once, and never in a circle', async () => {
    const [folder, other] = [await folderOf([['a/x', bytes]]), await folderOf([['y', bytes]])];
    symlinkSync(folder, join(folder, 'a/up'));
    symlinkSync(other, join(folder, 'elsewhere'));
    symlinkSync(other, join(folder, 'once-more'));
    symlinkSync(join(other, 'y'), join(folder, 'file'));
    expect(await names(folder)).toEqual(['a/x', 'elsewhere/y', 'file']);
  });

  it('name what cannot be looked into and go on', async () => {
    const folder = await folderOf([['x', bytes]]);
    symlinkSync(join(folder, 'nowhere'), join(folder, 'lost'));
    const [lost, x] = await all(filesBelow(folder));
    expect(lost).toMatchObject({ name: 'lost', error: { code: 'io' } });
    expect(lost).toHaveProperty('error.message', 'cannot read lost: there is no such file or folder.');
    expect(x.name).toBe('x');
  });

  it.skipIf(process.getuid?.() === 0)('name a folder that may not be read', async () => {
    const folder = await folderOf([['x', bytes]]);
    mkdirSync(join(folder, 'closed'));
    chmodSync(join(folder, 'closed'), 0);
    expect(await all(filesBelow(folder))).toMatchObject([{ name: 'closed', error: { code: 'io' } }, { name: 'x' }]);
  });

  it('are refused where the folder is none', async () => {
    await expect(names('/nowhere')).rejects.toMatchObject({
      code: 'io',
      message: 'cannot read /nowhere: there is no such file or folder.',
    });
  });

  it('are not looked for by who was stopped', async () => {
    await expect(all(filesBelow('/', AbortSignal.abort()))).rejects.toMatchObject({ code: 'aborted' });
  });
});

describe('the header pass', () => {
  it('gives the headers of what is DICOM, in the order of the files, and what is damaged', async () => {
    const folder = await studyFolder('ct', 'plan');
    writeFileSync(join(folder, 'ct/readme.txt'), 'not DICOM');
    const whole = [...(await studyFiles('ct')).values()][0];
    writeFileSync(join(folder, 'ct/cut'), whole.subarray(0, 700));
    const found = await all(readHeaders(filesBelow(folder)));
    expect(found).toHaveLength(23);
    expect(found.filter(isDamaged)).toMatchObject([{ name: 'ct/cut', error: { code: 'truncated' } }]);
    const files = found.map((one) => (isDamaged(one) ? one.name : one.file.name));
    expect(files).toEqual([...files].sort());
    expect(found.filter((one) => !isDamaged(one) && one.modality === 'CT')).toHaveLength(20);
  });

  it('stops where it is told to', async () => {
    const folder = await studyFolder('ct');
    await expect(all(readHeaders(filesBelow(folder), AbortSignal.abort()))).rejects.toMatchObject({ code: 'aborted' });
  });
});
