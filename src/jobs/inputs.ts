import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import type { Readable } from 'node:stream';
import type { ChannelBytes } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { sha256, sha256OfStream } from '../files/hash.js';
import { isFolder } from '../files/is-folder.js';
import { type CaseFiles, groupCases, listCases, type OwnResult } from '../formats/cases.js';
import { openScan, readHeader } from '../formats/open.js';
import type { ScanSource } from '../formats/scan-source.js';
import type { ScanLimits } from '../limits.js';
import { axisCodes } from '../maths/volume/axis-codes.js';
import type { Plan } from '../plan.js';
import type { WarningListener } from '../results.js';

/** A scan that was asked for: files, or stdin. */
export interface ScanInput {
  readonly case: string;
  /** Path of the file, `-` for stdin. Of the first channel where there are several. */
  readonly file: string;
  /** Paths of the further channels, in the order of the plan. */
  readonly moreChannels?: readonly string[];
  /** Number of a channel that is not there although a later one is: `0001`. */
  readonly missingChannel?: string | undefined;
}

export interface ResolveOptions {
  /** Leave shifted copies in folders out too, as other results. @default false */
  readonly withoutCopies?: boolean | undefined;
  /** Told of results of segcanary in a folder, which are left out; the name is the folder's. */
  readonly onWarning?: WarningListener | undefined;
}

/**
 * The scans that a list of files and folders names; `-` is stdin. Masks, segmentations and
 * probabilities that segcanary wrote into a folder are no scans: they are taken where they are
 * named one by one.
 *
 * @param name what a single scan is called in the result
 * @throws SegcanaryError `io` for a folder that cannot be read, `usage` for folders without scans,
 *   equal names, a name for many scans
 */
export async function resolveInputs(
  paths: readonly string[],
  name?: string,
  options: ResolveOptions = {},
): Promise<ScanInput[]> {
  const inputs: ScanInput[] = [];
  let files: string[] = [];
  const flush = () => {
    inputs.push(...groupCases(files).map(inputOf));
    files = [];
  };
  for (const path of paths) {
    // What is not there fails when it is opened, alone among the others.
    const folder = path !== '-' && (await isFolder(path));
    if (path !== '-' && !folder) {
      files.push(path);
      continue;
    }
    flush();
    if (folder) inputs.push(...(await casesOf(path, options)));
    else inputs.push({ case: 'stdin', file: '-' });
  }
  flush();
  if (name !== undefined) {
    if (inputs.length !== 1)
      throw new SegcanaryError(
        'usage',
        `\`case\` names one scan and there are ${inputs.length}; leave it out, each takes its name from its file.`,
        { option: 'case' },
      );
    if (/[/\\]/.test(name))
      throw new SegcanaryError(
        'usage',
        `\`case\` is ${name}, and a name is also a file's name; leave out the slashes.`,
        { option: 'case' },
      );
    if (name.trim() === '' || name.startsWith('.'))
      throw new SegcanaryError(
        'usage',
        `\`case\` is "${name}", and its files would be hidden; give it a name that begins with a letter or a digit.`,
        { option: 'case' },
      );
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

async function casesOf(folder: string, { withoutCopies, onWarning }: ResolveOptions): Promise<ScanInput[]> {
  const results: OwnResult[] = [];
  const cases = await listCases(folder, { copies: withoutCopies, onResult: (result) => results.push(result) });
  const left = results.length > 0 ? describeResults(results) : null;
  if (cases.length === 0)
    throw new SegcanaryError(
      'usage',
      left
        ? `holds no scans, only ${left}; name one by itself to take it all the same.`
        : 'holds no scans; they end in .nii, .nii.gz or .hdr.',
      { subject: folder },
    );
  if (left)
    onWarning?.(
      { code: 'own-results', message: `It holds ${left}, left out; name one by itself to take it all the same.` },
      folder,
    );
  return cases.map(inputOf);
}

function describeResults(results: readonly OwnResult[]): string {
  const [{ file, content }] = results;
  const count = results.length === 1 ? 'an image' : `${results.length} images`;
  return `${count} that segcanary made (${basename(file)}: ${content}${results.length > 1 ? ', …' : ''})`;
}

function inputOf({ case: name, files, missingChannel }: CaseFiles): ScanInput {
  const [file, ...moreChannels] = files as readonly [string, ...string[]];
  return {
    case: name,
    file,
    ...(moreChannels.length > 0 && { moreChannels }),
    ...(missingChannel && { missingChannel }),
  };
}

/**
 * The bytes of a scan, of each of its channels.
 *
 * @throws SegcanaryError `io` when it cannot be read, `scan-unsuitable` when it has another number
 *   of channels than the plan
 */
export async function openInput(
  input: ScanInput,
  plan: Pick<Plan, 'channels'>,
  limits?: Partial<ScanLimits>,
  signal?: AbortSignal,
): Promise<ScanSource> {
  refuseChannels(
    input,
    plan.channels.map((channel) => channel.name),
  );
  return openFiles(input, limits, signal);
}

/**
 * As `openInput`, whatever the number of channels.
 *
 * @throws SegcanaryError `io` when a file cannot be read
 */
export async function openFiles(
  input: ScanInput,
  limits?: Partial<ScanLimits>,
  signal?: AbortSignal,
): Promise<ScanSource> {
  const files = filesOf(input);
  if (input.file === '-') return process.stdin;
  if (files.length === 1) return openScan(input.file, limits, signal);
  const channels: (ChannelBytes & { readonly bytes: Readable })[] = [];
  try {
    for (const file of files) channels.push({ file, bytes: await openScan(file, limits, signal) });
    return channels;
  } catch (error) {
    for (const { bytes } of channels) bytes.destroy();
    throw error;
  }
}

/**
 * @throws SegcanaryError `scan-unsuitable` when a case has another number of files than the model
 *   has channels, or lacks one before its last
 */
export function refuseChannels(input: ScanInput, wanted: readonly string[]): void {
  const files = filesOf(input);
  // The channels behind a gap would be taken for others than they are.
  if (input.missingChannel !== undefined)
    throw new SegcanaryError(
      'scan-unsuitable',
      `the case ${input.case} has no channel ${input.missingChannel} and a later one; the model takes ${wanted.length} (${wanted.join(', ')}), numbered from 0000 on, so add the one that is missing.`,
      { subject: input.file },
    );
  if (files.length === wanted.length) return;
  const name = input.file === '-' ? 'stdin' : input.file;
  const advice =
    files.length < wanted.length
      ? `pass its channels as ${input.case}_0000, ${input.case}_0001, …, or their folder`
      : `pass the channels that the model was trained on`;
  throw new SegcanaryError(
    'scan-unsuitable',
    `the case ${input.case} has ${files.length} ${files.length === 1 ? 'channel' : 'channels'} and the model takes ${wanted.length} (${wanted.join(', ')}); ${advice}.`,
    { subject: name },
  );
}

/**
 * Where the axes of a scan run to (`LPS`), from the header of its first channel; null where its
 * affine does not say.
 *
 * @throws SegcanaryError `io`, and what is wrong with the header
 */
export async function orientationOf(
  input: ScanInput,
  {
    plan,
    signal,
  }: { readonly plan?: Pick<Plan, 'imageReader'> | undefined; readonly signal?: AbortSignal | undefined },
): Promise<string | null> {
  return axisCodes((await readHeader(input.file, { reader: plan?.imageReader, signal })).affine);
}

const filesOf = (input: ScanInput): string[] => [input.file, ...(input.moreChannels ?? [])];

/**
 * sha256, in hex, of the bytes of a scan (of a pair: of the single file that it stands for; of
 * several channels: of their hashes); null for stdin and pipes, which can be read only once.
 *
 * @throws SegcanaryError `io`, `aborted`
 */
export async function hashInput(input: ScanInput, signal?: AbortSignal): Promise<string | null> {
  const hashes: string[] = [];
  for (const file of filesOf(input)) {
    if (file === '-' || !(await isRereadable(file))) return null;
    hashes.push(await hashFile(file, signal));
  }
  return hashes.length === 1 ? hashes[0] : sha256(hashes.join());
}

const hashFile = async (file: string, signal?: AbortSignal): Promise<string> =>
  sha256OfStream(untilAborted(await openScan(file, undefined, signal), file, signal));

async function* untilAborted(bytes: AsyncIterable<unknown>, file: string, signal?: AbortSignal) {
  for await (const piece of bytes) {
    if (signal?.aborted) throw new SegcanaryError('aborted', 'stopped before it was done.', { subject: file });
    yield piece as Uint8Array;
  }
}

/** Whether reading a path twice gives the same; what is not there is told by opening it. */
function isRereadable(path: string): Promise<boolean> {
  return stat(path).then(
    (s) => s.isFile(),
    () => true,
  );
}
