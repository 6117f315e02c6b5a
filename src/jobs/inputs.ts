import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { SegcanaryError } from '../errors.js';
import { caseName, listCases } from '../nifti/cases.js';
import { openScan } from '../nifti/open.js';

/** A scan that was asked for: a file, or stdin. */
export interface ScanInput {
  readonly case: string;
  /** Path of the file, `-` for stdin. */
  readonly file: string;
  /** Files that make up the scan. @default 1 */
  readonly channels?: number;
}

/**
 * The scans that a list of files and folders names; `-` is stdin.
 *
 * @param name what a single scan is called in the result
 * @throws SegcanaryError `io` for a folder that cannot be read, `usage` for folders without scans, equal names, a name for many scans
 */
export async function resolveInputs(paths: readonly string[], name?: string): Promise<ScanInput[]> {
  const inputs: ScanInput[] = [];
  for (const path of paths) {
    if (path === '-') inputs.push({ case: 'stdin', file: '-' });
    else if (await isFolder(path)) inputs.push(...(await casesOf(path)));
    else inputs.push({ case: caseName(path), file: path });
  }
  if (name !== undefined) {
    if (inputs.length !== 1)
      throw new SegcanaryError(
        'usage',
        `--case names one scan and there are ${inputs.length}; leave it out, each takes its name from its file.`,
      );
    if (/[/\\]/.test(name))
      throw new SegcanaryError('usage', `--case ${name}: a name is also a file's name with -o; leave out the slashes.`);
    return [{ ...inputs[0], case: name }];
  }
  const seen = new Map<string, string>();
  for (const { case: key, file } of inputs) {
    const other = seen.get(key);
    if (other !== undefined)
      throw new SegcanaryError(
        'usage',
        `${other} and ${file} would both be the case ${key}; rename one or score them apart.`,
      );
    seen.set(key, file);
  }
  return inputs;
}

async function casesOf(folder: string): Promise<ScanInput[]> {
  const cases = await listCases(folder);
  if (cases.length === 0)
    throw new SegcanaryError('usage', `${folder}: holds no scans; they end in .nii, .nii.gz or .hdr.`);
  return cases.map(({ case: name, files }) => {
    return { case: name, file: files[0]!, channels: files.length };
  });
}

async function isFolder(path: string): Promise<boolean> {
  // What is not there fails when it is opened, alone among the others.
  return stat(path).then(
    (s) => s.isDirectory(),
    () => false,
  );
}

/**
 * The bytes of a scan.
 *
 * @throws SegcanaryError `io` when it cannot be read, `scan-unsuitable` when it has several channels
 */
export async function openInput(input: ScanInput): Promise<Readable> {
  if ((input.channels ?? 1) > 1) {
    throw new SegcanaryError(
      'scan-unsuitable',
      `${input.file}: the case ${input.case} has ${input.channels} channels, and this version of segcanary reads scans of one.`,
    );
  }
  return input.file === '-' ? process.stdin : openScan(input.file);
}

/**
 * sha256, in hex, of the bytes of a scan (of a pair: of the single file that it stands for); null for stdin and pipes, which can be read only once.
 *
 * @throws SegcanaryError `io`, `aborted`
 */
export async function hashInput(input: ScanInput, signal?: AbortSignal): Promise<string | null> {
  if (input.file === '-' || !(await isRereadable(input.file))) return null;
  const hash = createHash('sha256');
  for await (const bytes of await openInput(input)) {
    if (signal?.aborted) throw new SegcanaryError('aborted', `${input.file}: stopped before it was done.`);
    hash.update(bytes as Uint8Array);
  }
  return hash.digest('hex');
}

/** Whether reading a path twice gives the same; what is not there is told by opening it. */
function isRereadable(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isFile(),
    () => true,
  );
}
