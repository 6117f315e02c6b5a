import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readRange } from '../../../src/files/file-range.js';
import { Archive } from '../../../src/formats/archives/archive.js';
import { temporaryFolder } from '../../support/folder.js';

const TAR = fileURLToPath(new URL('../../fixtures/archives/gnu.tar', import.meta.url));

describe('an archive on disk', () => {
  it('is unpacked once however often its files are asked for, and some of those before stay', async () => {
    const tmpdir = await temporaryFolder();
    const archives = Array.from({ length: 7 }, (_, i) => new Archive(TAR, { kind: 'tar', name: `${i}.tar`, tmpdir }));
    const [first, second] = archives;
    const files = await first.files();
    expect(await first.files()).toBe(files);
    expect(await Promise.all([second.files(), second.files()])).toHaveLength(2);
    expect(readdirSync(tmpdir)).toHaveLength(2);
    for (const archive of archives) await archive.files();
    expect(readdirSync(tmpdir)).toHaveLength(4);
    expect(existsSync(files[0].path)).toBe(false);
    // The same files again, somewhere else.
    const again = await first.files();
    expect(again.map(({ name }) => name)).toEqual(files.map(({ name }) => name));
    expect((await readRange(again[0], 0, 4)).toString('hex')).toBe('00010203');
  });

  it('stays while it is held', async () => {
    const tmpdir = await temporaryFolder();
    const held = new Archive(TAR, { kind: 'tar', name: 'held.tar', tmpdir });
    const [{ path }] = await held.files();
    const release = held.hold();
    for (let i = 0; i < 9; i++) await new Archive(TAR, { kind: 'tar', name: `${i}.tar`, tmpdir }).files();
    expect(existsSync(path)).toBe(true);
    release();
    release();
    for (let i = 0; i < 9; i++) await new Archive(TAR, { kind: 'tar', name: `${i}.tar`, tmpdir }).files();
    expect(existsSync(path)).toBe(false);
  });

  it('is tried anew after it could not be unpacked', async () => {
    const folder = await temporaryFolder();
    const path = join(folder, 'late.tar');
    const archive = new Archive(path, { kind: 'tar', name: path, tmpdir: folder });
    await expect(archive.files()).rejects.toMatchObject({ code: 'io' });
    copyFileSync(TAR, path);
    expect(await archive.files()).toHaveLength(4);
  });
});
