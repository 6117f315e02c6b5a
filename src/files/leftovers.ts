import { randomBytes } from 'node:crypto';
import { readlinkSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { sha256 } from './hash.js';

/** Bytes of a file's name at most, on every file system in use. */
const LONGEST_NAME = 255;

/** Whether a file can have this name. */
export const fitsName = (name: string): boolean => Buffer.byteLength(name) <= LONGEST_NAME;

/**
 * A hidden name beside `path` for what is not yet `path`, or is no longer:
 * `.<name>.<place>-<pid>.<random>.partial` (or `.old`). It says which process made it, so that what
 * is left of one that was killed can be told from what another one is writing. It fits where `path`
 * does: of a long name it has the beginning and a hash.
 */
export function passingName(path: string, what: 'partial' | 'old'): string {
  const random = randomBytes(4).toString('hex');
  return join(dirname(path), `.${stemOf(basename(path))}.${place()}-${process.pid}.${random}.${what}`);
}

/** Whether a file's name is one that `passingName` gives. */
export function isPassingName(name: string): boolean {
  return passing.test(name);
}

/**
 * Removes what killed processes left of `path` beside it: exactly its passing names, and only those
 * of processes of this very place that are gone. What cannot be removed stays; it is in nobody's
 * way.
 */
export function removeLeftovers(path: string): Promise<void> {
  const stem = stemOf(basename(path));
  return sweepLeftovers(dirname(path), (name) => name === stem);
}

/** The same for every file of a folder whose name is one of ours. */
export async function sweepLeftovers(folder: string, isOurs: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const [, of, where, pid] = passing.exec(name) ?? [];
    if (of === undefined || !isOurs(of) || where !== place() || isRunning(Number(pid))) continue;
    await rm(join(folder, name), { recursive: true, force: true }).catch(() => {});
  }
}

/**
 * Whether a file is a passing one of `name` that some process is still writing: `unknown` where
 * that process is another machine's or container's.
 */
export function mayStillBeWritten(file: string, name: string): 'yes' | 'no' | 'unknown' {
  const [, of, where, pid] = passing.exec(file) ?? [];
  if (of !== stemOf(name) || !file.endsWith('.partial')) return 'no';
  if (where !== place()) return 'unknown';
  return isRunning(Number(pid)) ? 'yes' : 'no';
}

/** Bytes that a passing name adds to the file's: process numbers have seven digits at most. */
const ADDED = '..01234567-0123456.01234567.partial'.length;

/** What a passing name has of a file's name: all of it where that fits. */
function stemOf(name: string): string {
  if (Buffer.byteLength(name) + ADDED <= LONGEST_NAME) return name;
  const hash = sha256(name).slice(0, 16);
  let stem = '';
  for (const letter of name) {
    if (Buffer.byteLength(stem + letter) + 1 + hash.length + ADDED > LONGEST_NAME) break;
    stem += letter;
  }
  return `${stem}~${hash}`;
}

const passing = /^\.(.+)\.([0-9a-f]{8})-(\d+)\.[0-9a-f]{8}\.(?:partial|old)$/;

let known: string | undefined;

/**
 * Where a process number means something: this host and this set of processes. Hosts and containers
 * that share a folder do not see each other's.
 */
function place(): string {
  if (known !== undefined) return known;
  let processes = '';
  try {
    processes = readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: there the host is enough.
  }
  known = sha256(`${hostname()} ${processes}`).slice(0, 8);
  return known;
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as somebody else.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
