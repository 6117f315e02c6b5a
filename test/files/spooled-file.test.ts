import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SpooledFile } from '../../src/files/spooled-file.js';
import { temporaryFolder } from '../support/folder.js';

const MODULE = fileURLToPath(new URL('../../dist/files/spooled-file.js', import.meta.url));
/** A process that makes one in the folder it is given, and then does something else. */
const program = (then: string) =>
  `const { SpooledFile } = await import(${JSON.stringify(MODULE)});
   const file = await SpooledFile.create(process.argv[1], 'x');
   await file.append(Buffer.from('abc'));
   console.log('made');
   ${then}`;

describe('a spooled file', () => {
  it('has what was appended, for its owner alone, under a name that says nothing of it', async () => {
    const folder = await temporaryFolder();
    const file = await SpooledFile.create(folder, 'patient.zip');
    await file.append(Buffer.from('one'));
    await file.append(Buffer.from('two'));
    await file.finish();
    expect(file.length).toBe(6);
    expect(readFileSync(file.path, 'utf8')).toBe('onetwo');
    expect(statSync(file.path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)[0]).toMatch(/^\.segcanary-archive\.[0-9a-f]{8}-\d+\.[0-9a-f]{8}\.partial$/);
    await file.remove();
    await file.remove();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is gone at the end of a process that did not remove it', async () => {
    const folder = await temporaryFolder();
    for (const ending of ['', 'process.exit(3)', 'throw new Error("lost")']) {
      try {
        execFileSync(process.execPath, ['--input-type=module', '-e', program(ending), folder], { stdio: 'pipe' });
      } catch {
        // Two of the three end so.
      }
      expect(readdirSync(folder), ending).toEqual([]);
    }
  });

  it('of a killed process is removed by the next, and nobody else’s file is', async () => {
    const folder = await temporaryFolder();
    const forEver = program('setInterval(() => {}, 1000)');
    const child = spawn(process.execPath, ['--input-type=module', '-e', forEver, folder]);
    await once(child.stdout, 'data');
    const running = await SpooledFile.create(folder, 'x');
    expect(readdirSync(folder)).toHaveLength(2);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await running.remove();
    expect(readdirSync(folder)).toHaveLength(1);
    writeFileSync(join(folder, '.segcanary-archive'), 'not ours');
    const next = await SpooledFile.create(folder, 'x');
    expect(readdirSync(folder).sort()).toEqual(['.segcanary-archive', next.path.slice(folder.length + 1)].sort());
    await next.remove();
  });

  it('says where there is no room for it', async () => {
    await expect(SpooledFile.create('/nowhere', 'a.zip')).rejects.toMatchObject({
      code: 'io',
      option: 'tmpdir',
      message:
        'a.zip: cannot make a temporary file in /nowhere (ENOENT); name a folder with room for the scan with `tmpdir`.',
    });
  });
});
