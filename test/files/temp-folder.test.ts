import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryFolder as made } from '../../src/files/temp-folder.js';
import { temporaryFolder } from '../support/folder.js';

const MODULE = fileURLToPath(new URL('../../dist/files/temp-folder.js', import.meta.url));
/** A process that makes one with a file in it, and then does something else. */
const program = (then: string) =>
  `const { temporaryFolder } = await import(${JSON.stringify(MODULE)});
   const { writeFileSync } = await import('node:fs');
   const { path } = await temporaryFolder(process.argv[1], 'x');
   writeFileSync(path + '/mask.nii', 'voxels');
   console.log('made');
   ${then}`;

describe('a temporary folder', () => {
  it('is for its owner alone, under a hidden name that says nothing of what is in it', async () => {
    const place = await temporaryFolder();
    const folder = await made(place, 'patient');
    writeFileSync(join(folder.path, 'mask.nii'), 'voxels');
    expect(statSync(folder.path).mode & 0o777).toBe(0o700);
    expect(readdirSync(place)[0]).toMatch(/^\.segcanary-folder\.[0-9a-f]{8}-\d+\.[0-9a-f]{8}\.partial$/);
    await folder.remove();
    await folder.remove();
    expect(readdirSync(place)).toEqual([]);
  });

  it('is gone at the end of a process that did not remove it', async () => {
    const place = await temporaryFolder();
    for (const ending of ['', 'process.exit(0)']) {
      execFileSync(process.execPath, ['--input-type=module', '-e', program(ending), place], { stdio: 'pipe' });
      expect(readdirSync(place), ending).toEqual([]);
    }
  });

  it('of a killed process is removed by the next, and nobody else’s is', async () => {
    const place = await temporaryFolder();
    const child = spawn(process.execPath, ['--input-type=module', '-e', program('setInterval(() => {}, 1e3)'), place]);
    await once(child.stdout, 'data');
    const running = await made(place, 'x');
    expect(readdirSync(place)).toHaveLength(2);
    child.kill('SIGKILL');
    await once(child, 'exit');
    mkdirSync(join(place, '.segcanary-folder'));
    const next = await made(place, 'x');
    expect(readdirSync(place).sort()).toEqual(
      ['.segcanary-folder', ...[running, next].map(({ path }) => path.slice(place.length + 1))].sort(),
    );
    await running.remove();
    await next.remove();
  });

  it('that cannot be made says where', async () => {
    await expect(made('/nowhere', 'x')).rejects.toMatchObject({ code: 'io', option: 'tmpdir' });
  });
});
