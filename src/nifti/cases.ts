import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { cannotRead } from '../files.js';

/** One case in a folder, and its files: one a channel. */
export interface CaseFiles {
  readonly case: string;
  /** Paths in ascending order of their channels. Most cases have one. */
  readonly files: readonly string[];
}

const scanEnding = /\.(nii|nii\.gz|hdr|hdr\.gz)$/i;
const anyEnding = /\.(nii|hdr|img)(\.gz)?$/i;
const channelSuffix = /_(\d{4})$/;

/** The name of the case that a file belongs to: without folder, ending and nnU-Net's suffix `_0000` of the first channel. */
export function caseName(path: string): string {
  return basename(path)
    .replace(anyEnding, '')
    .replace(/_0000$/, '');
}

/**
 * The cases of a folder, by name: its files that end in .nii, .nii.gz, .hdr or .hdr.gz, pairs counted once, hidden files and subfolders left out.
 * Files `case_0001`, `case_0002`, … are further channels of `case` where there is a `case_0000`; else the digits are part of a name.
 *
 * @throws SegcanaryError `io` when the folder cannot be read, `usage` when two files would make the same case
 */
export async function listCases(folder: string): Promise<CaseFiles[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
    throw cannotRead(folder, cause);
  });
  const names = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.startsWith('.') && scanEnding.test(entry.name))
    .map((entry) => entry.name)
    .sort(byCodeUnit);
  const stems = new Set(names.map(stem));
  const cases = new Map<string, Map<string, string>>();
  for (const name of names) {
    const { base, channel } = split(stem(name), stems);
    const channels = cases.get(base) ?? new Map<string, string>();
    const rival = channels.get(channel);
    if (rival !== undefined) {
      throw new SegcanaryError(
        'usage',
        `${folder}: ${rival} and ${name} are both the case ${base}; move one of them away.`,
      );
    }
    cases.set(base, channels.set(channel, name));
  }
  return [...cases]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([base, channels]) => ({
      case: base,
      files: [...channels].sort(([a], [b]) => byCodeUnit(a, b)).map(([, name]) => join(folder, name)),
    }));
}

const stem = (name: string) => name.replace(scanEnding, '');

function split(name: string, stems: ReadonlySet<string>): { base: string; channel: string } {
  const channel = channelSuffix.exec(name)?.[1];
  const base = name.replace(channelSuffix, '');
  return channel !== undefined && stems.has(`${base}_0000`) ? { base, channel } : { base: name, channel: '0000' };
}

/** An order that does not depend on the machine's language. */
function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
