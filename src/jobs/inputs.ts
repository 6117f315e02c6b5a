import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { SegcanaryError } from '../errors.js';
import { cannotRead } from '../files.js';
import { caseName, listCases } from '../nifti/cases.js';
import { openScan } from '../nifti/open.js';

/** A scan that was asked for: a file, or stdin. */
export interface ScanInput {
  readonly case: string;
  /** Path of the file, `-` for stdin. */
  readonly file: string;
}

/**
 * The scans that a list of files and folders names; `-` is stdin.
 *
 * @param name what a single scan is called in the result
 * @throws SegcanaryError `io` for a path that is not there, `usage` for folders without scans, scans of several channels, equal names, a name for many scans
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
    if (files.length > 1) {
      throw new SegcanaryError(
        'usage',
        `${folder}: the case ${name} has ${files.length} channels; this version scores models of one channel.`,
      );
    }
    return { case: name, file: files[0] };
  });
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

/** The bytes of a scan. */
export async function openInput(input: ScanInput): Promise<Readable> {
  return input.file === '-' ? process.stdin : openScan(input.file);
}

/**
 * sha256, in hex, of the bytes of a scan as they lie on the disk.
 *
 * @throws SegcanaryError `usage` for stdin, which can be read only once
 */
export async function hashInput(input: ScanInput, signal?: AbortSignal): Promise<string> {
  if (input.file === '-')
    throw new SegcanaryError(
      'usage',
      'Training scans are read from files, because a fit that is interrupted resumes; give paths instead of -.',
    );
  const hash = createHash('sha256');
  for await (const bytes of await openInput(input)) {
    signal?.throwIfAborted();
    hash.update(bytes as Uint8Array);
  }
  return hash.digest('hex');
}
