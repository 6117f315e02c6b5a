import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scanHashes, scanNames } from '../../src/jobs/scan-hashes.js';
import { encodingsOf } from '../support/encodings.js';
import { temporaryFolder } from '../support/folder.js';

describe('scanNames', () => {
  it('gives every form of a scan a name in common, and one that cannot be read its bytes', async () => {
    const folder = await temporaryFolder();
    const values = Array.from({ length: 60 }, (_, i) => (i * 7919) % 251);
    const names = scanNames(scanHashes(), { cache: join(folder, 'cache') });
    const found: (readonly string[])[] = [];
    for (const { name, files } of encodingsOf({ shape: [3, 4, 5], spacing: [2, 1, 1], values })) {
      for (const [ending, bytes] of Object.entries(files)) await writeFile(join(folder, name + ending), bytes);
      const [first] = Object.keys(files);
      found.push(await names({ case: name, file: join(folder, name + first) }));
    }
    const [plain, ...others] = found;
    for (const other of others) expect(other.some((name) => plain.includes(name))).toBe(true);

    const broken = { case: 'broken', file: join(folder, 'broken.nii') };
    await writeFile(broken.file, 'broken');
    expect(await names(broken)).toEqual([await scanHashes()(broken)]);
    await expect(names({ case: 'gone', file: join(folder, 'gone.nii') })).rejects.toMatchObject({ code: 'io' });
  });

  it('is stopped by a signal', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'a.nii');
    await writeFile(
      file,
      encodingsOf({ shape: [2, 2, 2], spacing: [1, 1, 1], values: [1, 2, 3, 4, 5, 6, 7, 8] })[0].files['.nii'],
    );
    const signal = AbortSignal.abort();
    await expect(scanNames(scanHashes(signal), { signal })({ case: 'a', file })).rejects.toMatchObject({
      code: 'aborted',
    });
  });
});
