import { readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { passingName } from '../../src/files/leftovers.js';
import { replaceUnchanged } from '../../src/files/replace.js';
import { temporaryFolder } from '../support/folder.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  path = join(folder, 'a.json');
  await writeFile(path, 'before');
});
/** As `passingName` gives it, of another process. */
const partialOf = (pid: number, place?: string): string => {
  const [name, ours] = /^(.*\.)([0-9a-f]{8})-/.exec(passingName(path, 'partial'))!.slice(1);
  return `${name}${place ?? ours}-${pid}.00000000.partial`;
};
/** No process has it: it is beyond the largest that Linux gives. */
const GONE = 2 ** 22 + 1;

describe('replaceUnchanged', () => {
  it('asks before it writes anything and right before it replaces, and leaves nothing beside', async () => {
    const seen: string[] = [];
    await replaceUnchanged(path, 'after', async () => void seen.push(await readFile(path, 'utf8')));
    expect(seen).toEqual(['before', 'before']);
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['after', ['a.json']]);
  });

  it.each([1, 2])('writes nothing where it has changed by the time it is asked, %i of 2', async (at) => {
    let asked = 0;
    const unchanged = async () => {
      asked++;
      if (asked >= at) throw new RangeError('changed');
    };
    await expect(replaceUnchanged(path, 'after', unchanged)).rejects.toThrow('changed');
    expect([await readFile(path, 'utf8'), await readdir(folder)]).toEqual(['before', ['a.json']]);
  });

  it('lets one of many that count up go after another, and loses none', async () => {
    await writeFile(path, '0');
    const countUp = async (): Promise<void> => {
      const text = await readFile(path, 'utf8');
      const unchanged = async () => {
        if ((await readFile(path, 'utf8')) !== text) throw new RangeError('changed');
      };
      await replaceUnchanged(path, String(Number(text) + 1), unchanged).catch(countUp);
    };
    await Promise.all(Array.from({ length: 12 }, countUp));
    expect(await readFile(path, 'utf8')).toBe('12');
  });

  it('waits for nobody who was killed, here or long ago elsewhere', async () => {
    await writeFile(partialOf(GONE), 'x');
    const elsewhere = partialOf(process.pid, '00000000');
    await writeFile(elsewhere, 'x');
    await utimes(elsewhere, 0, Date.now() / 1000 - 3600);
    await replaceUnchanged(path, 'after', async () => {});
    expect(await readFile(path, 'utf8')).toBe('after');
  });

  it('waits for whoever is writing', async () => {
    const other = partialOf(process.pid);
    await writeFile(other, 'x');
    let done = false;
    const waiting = replaceUnchanged(path, 'after', async () => {}).then(() => {
      done = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect([done, await readFile(path, 'utf8')]).toEqual([false, 'before']);
    const { rm } = await import('node:fs/promises');
    await rm(other);
    await waiting;
    expect(await readFile(path, 'utf8')).toBe('after');
  });

  it('tells what is wrong with the disk', async () => {
    await expect(replaceUnchanged(join(folder, 'gone', 'a'), 'x', async () => {})).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('gone'),
    });
  });
});
