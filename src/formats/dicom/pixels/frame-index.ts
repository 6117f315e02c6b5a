import { SegcanaryError } from '../../../errors.js';
import { beyond } from '../../../limits.js';
import type { ByteSource } from './byte-source.js';
import { hasEnd } from './codestream.js';
import { type Item, itemsOf } from './items.js';

/** Fragments of a file at most: 16 bytes are kept of each. */
const MOST_FRAGMENTS = 2 ** 20;

/** Where the fragments of every frame lie. */
export interface FrameIndex {
  /** Fragments of a frame, in their order. */
  fragments(frame: number): readonly Pick<Item, 'from' | 'length'>[];
}

/** How many frames a file holds, and how they can be told apart. */
export interface Frames {
  readonly frames: number;
  /** Whether a frame ends with an end marker. */
  readonly areMarked: boolean;
  /** Name of the file, for messages. */
  readonly file: string;
}

/**
 * Finds the frames of encapsulated pixel data by the headers of its items. A file of one frame may
 * have any number of fragments. Where there are as many fragments as frames, each is a frame: so it
 * is whenever there is an extended offset table (PS3.3, section C.7.6.3.1.8), which is why that one
 * is not read. Otherwise the basic offset table says where frames begin, and where it is empty, the
 * end markers of the codestreams do.
 *
 * @param at the basic offset table's item
 * @throws SegcanaryError `dicom-invalid`, `truncated`, `limit-exceeded`
 */
export async function indexFrames(bytes: ByteSource, at: number, known: Frames): Promise<FrameIndex> {
  const { frames, file } = known;
  const froms: number[] = [];
  const lengths: number[] = [];
  let table: Item | null = null;
  for await (const item of itemsOf(bytes, at, file)) {
    if (table === null) {
      table = item;
      continue;
    }
    if (froms.length === MOST_FRAGMENTS)
      throw invalid(file, `its pixels are in more than ${MOST_FRAGMENTS} fragments; it is damaged or hostile`);
    froms.push(item.from);
    lengths.push(item.length);
  }
  if (froms.length < frames)
    throw invalid(file, `its pixels are in ${froms.length} fragments, and it has ${frames} frames; copy it again`);
  const starts =
    frames === 1
      ? [0]
      : froms.length === frames
        ? froms.map((_, i) => i)
        : ((await startsOfTable(bytes, table, froms, known)) ?? (await startsOfMarkers(bytes, froms, lengths, known)));
  return {
    fragments(frame) {
      const found: Pick<Item, 'from' | 'length'>[] = [];
      const end = frame + 1 < frames ? starts[frame + 1] : froms.length;
      for (let i = starts[frame]; i < end; i++) found.push({ from: froms[i], length: lengths[i] });
      return found;
    },
  };
}

/** The first fragment of every frame, as the basic offset table says; null where it is empty. */
async function startsOfTable(
  bytes: ByteSource,
  table: Item | null,
  froms: readonly number[],
  { frames, file }: Frames,
): Promise<number[] | null> {
  if (table === null || table.length === 0) return null;
  if (table.length !== 4 * frames)
    throw invalid(
      file,
      `its basic offset table has ${table.length / 4} entries, and it has ${frames} frames; copy it again`,
    );
  const offsets = await bytes.read(table.from, table.length);
  const first = table.from + table.length;
  // Fragments and frames both ascend: one pass over them.
  const starts: number[] = [];
  let fragment = 0;
  for (let frame = 0; frame < frames; frame++) {
    const from = first + offsets.readUInt32LE(4 * frame) + 8;
    while (fragment < froms.length && froms[fragment] < from) fragment++;
    if (froms[fragment] !== from || (frame === 0 && fragment !== 0) || starts[frame - 1] === fragment)
      throw invalid(file, `its basic offset table leads frame ${frame + 1} to no fragment of its own; copy it again`);
    starts.push(fragment);
  }
  return starts;
}

/** The first fragment of every frame: that behind one with an end marker. */
async function startsOfMarkers(
  bytes: ByteSource,
  froms: readonly number[],
  lengths: readonly number[],
  { frames, areMarked, file }: Frames,
): Promise<number[]> {
  const starts = [0];
  for (let i = 0; areMarked && i + 1 < froms.length; i++) {
    const tail = Math.min(lengths[i], TAIL);
    if (hasEnd(await bytes.read(froms[i] + lengths[i] - tail, tail))) starts.push(i + 1);
  }
  if (starts.length !== frames)
    throw invalid(
      file,
      `its ${frames} frames are in ${froms.length} fragments, and nothing says which belong together; rewrite it with a basic offset table`,
    );
  return starts;
}

/** Bytes at the end of a fragment that hold the end marker and what fills the fragment up. */
const TAIL = 32;

const invalid = (file: string, what: string): SegcanaryError =>
  new SegcanaryError('dicom-invalid', `${what}.`, { subject: file });

/**
 * Bytes that a packed frame may have: lossless codecs make noise a little larger, RLE at most twice
 * as large, and a megabyte of markers is left for the rest.
 *
 * @throws SegcanaryError `limit-exceeded` for one that has more
 */
export function refuseLongFrame(found: number, unpacked: number, file: string): void {
  const most = 4 * unpacked + 2 ** 20;
  if (found > most) throw beyond('bytes', most, file, found);
}
