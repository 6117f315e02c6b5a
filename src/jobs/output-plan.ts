import { basename, dirname, join } from 'node:path';
import { type OptionName, SegcanaryError } from '../errors.js';
import { fitsName } from '../files/leftovers.js';
import type { Alike, Place } from '../files/place.js';

/** A file that is going to be written. */
export interface Output {
  readonly path: string;
  /** What it will hold, in words: `the segmentation of case_001`. */
  readonly what: string;
  /** The case that it is of; null where it is of all of them. */
  readonly case: string | null;
  /** The option that says where it goes, if there is one. */
  readonly option?: OptionName | undefined;
}

/**
 * What is read and what is written, checked one against the other: no output is an input, and no
 * two outputs are one. It knows places and touches no file.
 */
export class OutputPlan {
  /** Paths of what is read, by what the file system calls them. */
  readonly #reads = new Map<string, string>();
  /** By their places. */
  readonly #writes = new Map<string, Output>();
  /** One for each group of names that some file systems take for one. */
  readonly #alike = new Map<string, Output>();

  constructor(reads: Iterable<Place>) {
    for (const read of reads) this.addRead(read);
  }

  /** @param read a file that is read, or is about to be */
  addRead({ path, entry, file }: Place): void {
    this.#reads.set(entry, path);
    if (file !== null) this.#reads.set(file, path);
  }

  /** Whether this very output is in the plan. */
  has({ path, case: name }: Output, { entry }: Place): boolean {
    const known = this.#writes.get(entry);
    return known?.path === path && known.case === name;
  }

  /**
   * Takes an output into the plan.
   *
   * @returns another one whose name differs only in capitals or in how letters are encoded: it is
   *   another file or the same, as the file system will have it (`areOne`)
   * @throws SegcanaryError `usage` where it would overwrite an input, or another output
   */
  add(output: Output, { entry, file }: Place): Output | null {
    const read = this.#reads.get(entry) ?? (file === null ? undefined : this.#reads.get(file));
    if (read !== undefined) throw overwritesInput(output, read);
    const other = this.#writes.get(entry);
    if (other) throw twice(output, other);
    this.#writes.set(entry, output);
    const key = join(dirname(entry), folded(basename(entry), { cases: true, forms: true }));
    const alike = this.#alike.get(key);
    if (!alike) this.#alike.set(key, output);
    return alike ?? null;
  }
}

/** Whether a file system takes the names of two outputs for one. */
export const areOne = (a: Output, b: Output, alike: Alike): boolean =>
  folded(basename(a.path), alike) === folded(basename(b.path), alike);

function folded(name: string, { cases, forms }: Alike): string {
  const lower = cases ? name.toLowerCase() : name;
  return forms ? lower.normalize('NFC') : lower;
}

/** What keeps one output from being written, whatever the others are; null where nothing does. */
export function hindranceOf({ path, what, case: name }: Output, { isFolder }: Place): SegcanaryError | null {
  const advice = name === null ? 'choose another name' : 'give the scan a shorter name';
  if (!fitsName(basename(path)))
    return new SegcanaryError(
      'io',
      `its name would have ${Buffer.byteLength(basename(path))} bytes, and a file's name has 255 at most; ${advice}.`,
      { subject: path },
    );
  if (isFolder)
    return new SegcanaryError('io', `there is a folder where ${what} would go; move it away.`, { subject: path });
  return null;
}

function overwritesInput({ path, what, option }: Output, read: string): SegcanaryError {
  const which = read === path ? 'this input' : `the input ${read}, which is the same file`;
  const advice = option ? `name another place with \`${option}\`` : 'move the input to another place';
  return new SegcanaryError('usage', `${what} would overwrite ${which}; ${advice}.`, { subject: path, option });
}

/** The sentence for two outputs that are one file. */
export function twice(a: Output, b: Output): SegcanaryError {
  const ofAll = a.case === null || b.case === null;
  const names = a.path === b.path ? '' : ` (${b.path} is the same file here)`;
  return new SegcanaryError(
    'usage',
    `would be both ${b.what} and ${a.what}${names}; rename ${ofAll ? 'the scan, or call it otherwise with `case`' : 'one of the scans, or take them apart'}.`,
    { subject: a.path, option: ofAll ? 'case' : undefined },
  );
}
