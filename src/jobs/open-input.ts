import { stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import type { ChannelBytes } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { sha256, sha256OfStream } from '../files/hash.js';
import { layOut } from '../formats/dicom/layout.js';
import { openScan, readHeader } from '../formats/open.js';
import type { ScanSource } from '../formats/scan-source.js';
import type { ScanLimits } from '../limits.js';
import { axisCodes } from '../maths/volume/axis-codes.js';
import type { Plan } from '../plan.js';
import { filesOf, type ScanInput } from './scan-input.js';

/**
 * Where a scan comes from, each of its channels: bytes, or the slices of a series.
 *
 * @throws SegcanaryError `io` when it cannot be read, `scan-unsuitable` when it has another number
 *   of channels than the plan; what was wrong when it was looked for
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
  if (input.error) throw input.error;
  const { series } = input;
  if (series) return series.length === 1 ? series[0] : series.map((one) => ({ file: one.name, bytes: one }));
  const files = filesOf(input);
  if (input.file === '-') return input.bytes ?? process.stdin;
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
  if (input.error) throw input.error;
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
  const advice = files.length < wanted.length ? adviceOf(input) : `pass the channels that the model was trained on`;
  throw new SegcanaryError(
    'scan-unsuitable',
    `the case ${input.case} has ${files.length} ${files.length === 1 ? 'channel' : 'channels'} and the model takes ${wanted.length} (${wanted.join(', ')}); ${advice}.`,
    { subject: name, ...(input.series && files.length < wanted.length && { option: 'series' as const }) },
  );
}

const adviceOf = ({ case: name, series }: ScanInput): string =>
  series
    ? 'name the series of its channels, in their order, with `series`, or their folders NAME_0000, NAME_0001, …'
    : `pass its channels as ${name}_0000, ${name}_0001, …, or their folder`;

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
  if (input.error) throw input.error;
  if (input.series) {
    const { affine, shape } = await input.series[0].volume(signal);
    return axisCodes(layOut(affine, shape).affine);
  }
  return axisCodes((await readHeader(input.file, { reader: plan?.imageReader, signal })).affine);
}

/**
 * sha256, in hex, of the bytes of a scan (of a pair: of the single file that it stands for; of a
 * series: of its files in the order of its slices; of several channels: of their hashes); null for
 * pipes, and for stdin where it carries NIfTI, which can be read only once.
 *
 * @throws SegcanaryError `io`, `aborted`
 */
export async function hashInput(input: ScanInput, signal?: AbortSignal): Promise<string | null> {
  if (input.error) throw input.error;
  const hashes: string[] = [];
  for (const series of input.series ?? []) hashes.push(await series.hash(signal));
  for (const file of input.series ? [] : filesOf(input)) {
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
