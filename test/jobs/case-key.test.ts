import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { caseKey } from '../../src/jobs/case-key.js';
import { temporaryFolder } from '../support/folder.js';

afterEach(() => vi.unstubAllEnvs());

describe('the key of case names', () => {
  it('is made at the first use, kept for its owner alone, and the same from then on', async () => {
    vi.stubEnv('SEGCANARY_KEY', '');
    const config = await temporaryFolder();
    vi.stubEnv('XDG_CONFIG_HOME', config);
    const keys = await Promise.all(Array.from({ length: 8 }, () => caseKey()));
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
    const path = join(config, 'segcanary', 'key');
    expect(readFileSync(path, 'utf8')).toBe(`${keys[0]}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dirname(path))).toEqual(['key']);
    expect(await caseKey()).toBe(keys[0]);
  });

  it('is that of the environment where there is one', async () => {
    vi.stubEnv('SEGCANARY_KEY', 'of the hospital');
    await expect(caseKey(undefined, '/nowhere/key')).rejects.toMatchObject({ code: 'usage' });
    vi.stubEnv('SEGCANARY_KEY', 'AB'.repeat(32));
    expect(await caseKey(undefined, '/nowhere/key')).toBe('ab'.repeat(32));
  });

  it('is of this run alone where none can be kept, which is said once', async () => {
    vi.stubEnv('SEGCANARY_KEY', '');
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'empty'), '\n');
    mkdirSync(join(folder, 'folder'));
    const told: string[] = [];
    const keys: string[] = [];
    for (const path of [join(folder, 'empty'), join(folder, 'folder'), '/proc/nowhere/key'])
      keys.push(await caseKey(({ code, message }) => told.push(`${code} ${message}`), path));
    expect(new Set(keys).size).toBe(1);
    expect(told).toEqual([
      'case-key The key that DICOM cases are named by cannot be kept here (it is empty), so their names are of this run alone; set SEGCANARY_KEY to keep them.',
    ]);
  });
});
