import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A file system of this test's own, unmounted when it ends. */
export function mountedFolder(...options: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'segcanary-mount-'));
  mount(folder, ...options);
  onTestFinished(() => {
    unmount(folder);
    rmdirSync(folder);
  });
  return folder;
}

/** Makes what is mounted there read-only. */
export function makeReadOnly(folder: string): void {
  run('mount', '-o', 'remount,ro', folder);
}

function mount(folder: string, ...options: readonly string[]): void {
  run('mount', '-t', 'tmpfs', '-o', options.join(','), 'tmpfs', folder);
}

const unmount = (folder: string): void => run('umount', folder);

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}

/**
 * Whether file systems can be mounted here: as root in a container that may, or on a machine of
 * one's own.
 */
export const canMount = ((): boolean => {
  const folder = join(mkdtempSync(join(tmpdir(), 'segcanary-mount-')), 'try');
  mkdirSync(folder);
  try {
    mount(folder, 'size=4k');
    unmount(folder);
    return true;
  } catch {
    console.warn(
      'No file system can be mounted here (that takes root): tests of full and read-only disks are skipped.',
    );
    return false;
  } finally {
    rmSync(join(folder, '..'), { recursive: true });
  }
})();
