import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { cannotRead } from '../files/atomic.js';
import { READERS, readerOf } from './readers.js';

/** One case in a folder, and its files: one a channel. */
export interface CaseFiles {
  readonly case: string;
  /** Paths in ascending order of their channels. Most cases have one. */
  readonly files: readonly string[];
  /** The first number, as `0001`, that is not there although a later one is. */
  readonly missingChannel?: string | undefined;
}

/** An image in a folder of scans that segcanary made and that is left out. */
export interface OwnResult {
  readonly file: string;
  /** What it holds: `uncertainty`, `labels`, … */
  readonly content: string;
}

export interface ListOptions {
  /** Whether shifted copies, which are there to be scored, are left out too. @default false */
  readonly copies?: boolean | undefined;
  /** Told of what is left out. */
  readonly onResult?: ((result: OwnResult) => void) | undefined;
}

/** Files that are looked into at a time. */
const AT_A_TIME = 64;

const channelSuffix = /_(\d{4})$/;

/**
 * The cases of a folder, by name: its files that end in .nii, .nii.gz, .hdr or .hdr.gz, pairs
 * counted once; hidden files, subfolders, and what segcanary made itself, left out.
 *
 * @throws SegcanaryError `io` when the folder cannot be read, `usage` when two files would make the
 *   same channel of a case
 */
export async function listCases(folder: string, options: ListOptions = {}): Promise<CaseFiles[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw cannotRead(folder, cause);
  });
  const paths = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && isScan(entry.name))
    .map((entry) => join(folder, entry.name))
    .sort(byCodeUnit);
  // Names that are not UTF-8 may come alike.
  const scans = await withoutResults([...new Set(paths)], options);
  return groupCases(scans).sort((a, b) => byCodeUnit(a.case, b.case));
}

async function withoutResults(paths: readonly string[], { copies = false, onResult }: ListOptions): Promise<string[]> {
  const kept: string[] = [];
  for (let from = 0; from < paths.length; from += AT_A_TIME) {
    const some = paths.slice(from, from + AT_A_TIME);
    const contents = await Promise.all(some.map((path) => readerOf(path).contentOf(path)));
    for (const [i, file] of some.entries()) {
      const content = contents[i];
      if (content === null || (content === 'simulated scan' && !copies)) kept.push(file);
      else onResult?.({ file, content });
    }
  }
  return kept;
}

/**
 * Groups files into cases, in the order in which the cases come up. A case is named after its file,
 * without folder, ending and nnU-Net's suffix `_0000`. Files `case_0001`, `case_0002`, … are
 * further channels of `case` where there is a `case_0000` in the same folder; else the digits are
 * part of a name.
 *
 * @throws SegcanaryError `usage` when two files would make the same channel of a case
 */
export function groupCases(paths: readonly string[]): CaseFiles[] {
  const stems = new Set(paths.map(stem));
  const cases = new Map<string, Map<string, string>>();
  for (const path of paths) {
    const { base, channel } = split(stem(path), stems);
    const channels = cases.get(base) ?? new Map<string, string>();
    const rival = channels.get(channel);
    if (rival !== undefined) {
      throw new SegcanaryError(
        'usage',
        `${rival} and ${path} would both be the case ${basename(base)}; rename one or leave it out.`,
      );
    }
    cases.set(base, channels.set(channel, path));
  }
  return [...cases].map(([base, channels]) => {
    const sorted = [...channels].sort(([a], [b]) => byCodeUnit(a, b));
    const gap = sorted.findIndex(([channel], i) => Number(channel) !== i);
    return {
      case: basename(base),
      files: sorted.map(([, path]) => path),
      ...(gap >= 0 && { missingChannel: String(gap).padStart(4, '0') }),
    };
  });
}

const isScan = (name: string): boolean => READERS.some(({ scanEnding }) => scanEnding.test(name));

const stem = (path: string) => path.replace(readerOf(path).anyEnding, '');

function split(name: string, stems: ReadonlySet<string>): { base: string; channel: string } {
  const channel = channelSuffix.exec(name)?.[1];
  const base = name.replace(channelSuffix, '');
  return channel !== undefined && stems.has(`${base}_0000`) ? { base, channel } : { base: name, channel: '0000' };
}

/** An order that does not depend on the machine's language. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
