import { SegcanaryError } from '../../../errors.js';
import type { ScanLimits } from '../../../limits.js';
import type { DicomHeader, StoredPixels } from '../dicom-header.js';
import { type ByteSource, plainBytes } from './byte-source.js';
import { inflatedBytes } from './deflated.js';
import { type FrameIndex, indexFrames, refuseLongFrame } from './frame-index.js';
import { cut } from './items.js';
import { type TransferSyntax, transferSyntaxOf } from './transfer-syntax.js';

/** The frames of one file, whose bytes are read when they are wanted. */
export interface FrameFile {
  readonly syntax: TransferSyntax;
  /**
   * The bytes of a frame: samples as they are stored, or a codestream with what fills its last
   * fragment up. In a buffer of their own.
   *
   * @param index counted from 0
   * @throws SegcanaryError `truncated`, `dicom-invalid`, `limit-exceeded`, `io`
   */
  frame(index: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** Bytes of a frame once it is unpacked. */
export const bytesOfFrame = ({ rows, columns, bitsAllocated, samplesPerPixel }: StoredPixels): number =>
  (rows * columns * samplesPerPixel * bitsAllocated) / 8;

/**
 * Opens a file for its frames: native pixels by arithmetic, encapsulated ones by the headers of
 * their items, a deflated file through a temporary one. What is held is the index of a file of many
 * frames, 16 bytes a fragment.
 *
 * @throws SegcanaryError `dicom-unsupported` for a transfer syntax that is not read, `truncated`
 *   with the numbers for a file that ends too early, `dicom-invalid`, `limit-exceeded`, `io`
 */
export async function openFrames(
  { file }: DicomHeader,
  pixels: StoredPixels,
  limits: Pick<ScanLimits, 'bytes' | 'ratio'>,
): Promise<FrameFile> {
  const syntax = transferSyntaxOf(pixels.transferSyntax, file.name);
  if (syntax.packing !== 'native') return encapsulated(plainBytes(file), file.name, pixels, syntax);
  const from = pixels.valueOffset;
  const to = from + pixels.frames * bytesOfFrame(pixels);
  const bytes = syntax.isDeflated ? await inflatedBytes(file, [from - TAG_BEFORE, to], limits) : plainBytes(file);
  try {
    return await native(bytes, file.name, pixels, syntax);
  } catch (error) {
    await bytes.close();
    throw error;
  }
}

/** Bytes before the value that hold its tag, VR and length. */
const TAG_BEFORE = 12;

async function native(
  bytes: ByteSource,
  file: string,
  pixels: StoredPixels,
  syntax: TransferSyntax,
): Promise<FrameFile> {
  const { frames, valueLength, valueOffset } = pixels;
  const size = bytesOfFrame(pixels);
  if (valueLength === null)
    throw new SegcanaryError(
      'dicom-invalid',
      'its pixels are not packed, and their length is not said; rewrite the file with dcmconv.',
      { subject: file },
    );
  const needed = frames * size;
  if (valueLength < needed)
    throw new SegcanaryError(
      'truncated',
      `its pixels have ${valueLength} bytes, and ${frames === 1 ? 'a frame' : `${frames} frames`} of ${pixels.rows} x ${pixels.columns} with ${pixels.bitsAllocated} bits a sample ${frames === 1 ? 'has' : 'have'} ${needed}; the file is incomplete, copy it again.`,
      { subject: file },
    );
  // One byte makes the length even; some files have a few more, and none a frame.
  if (valueLength - needed - (needed % 2) >= size)
    throw new SegcanaryError(
      'dicom-invalid',
      `its pixels have ${valueLength} bytes, which is more than ${frames === 1 ? 'the one frame' : `the ${frames} frames`} of ${size} that its header announces; copy the file again.`,
      { subject: file },
    );
  if (valueOffset + needed > bytes.length) throw cut(file, bytes.length, valueOffset + needed);
  const vr = await vrBeforeValue(bytes, file, valueOffset, syntax.isBigEndian);
  // 8-bit samples that are stored as words lie two and two in the wrong order in big endian.
  const areWords = syntax.isBigEndian && pixels.bitsAllocated === 8 && vr === 'OW';
  return {
    syntax,
    async frame(index) {
      const at = valueOffset + index * size;
      const [lead, trail] = areWords ? [at % 2, (at + size) % 2] : [0, 0];
      const found = await bytes.read(at - lead, lead + size + trail);
      if (found.length < lead + size + trail) throw cut(file, at - lead + found.length, at + size + trail);
      if (areWords) found.swap16();
      return ownBytes(found, lead, size);
    },
    close: () => bytes.close(),
  };
}

/**
 * The VR that stands before the value, empty where VRs are implicit: some files write them so
 * against their transfer syntax. The tag there has to be that of pixels: a file that changed since
 * its header was read is found so.
 */
async function vrBeforeValue(bytes: ByteSource, file: string, at: number, isBigEndian: boolean): Promise<string> {
  const before = await bytes.read(at - TAG_BEFORE, TAG_BEFORE);
  const word = (from: number): number => (isBigEndian ? before.readUInt16BE(from) : before.readUInt16LE(from));
  const isTag = (from: number): boolean =>
    before.length === TAG_BEFORE && word(from) === 0x7fe0 && [0x0008, 0x0009, 0x0010].includes(word(from + 2));
  if (isTag(0)) return before.toString('latin1', 4, 6);
  if (isTag(4)) return '';
  throw new SegcanaryError(
    'dicom-invalid',
    `its pixels no longer begin at byte ${at}: the file changed since its header was read; leave the series alone while it is read.`,
    { subject: file },
  );
}

/** A part of bytes in a buffer of its own: theirs, where they fill it and are the part. */
function ownBytes({ buffer, byteOffset, byteLength }: Buffer, from: number, length: number): Uint8Array<ArrayBuffer> {
  const isWhole = from === 0 && length === byteLength && length === buffer.byteLength;
  if (isWhole && buffer instanceof ArrayBuffer) return new Uint8Array(buffer);
  return new Uint8Array(new Uint8Array(buffer, byteOffset + from, length));
}

async function encapsulated(
  bytes: ByteSource,
  file: string,
  pixels: StoredPixels,
  syntax: TransferSyntax,
): Promise<FrameFile> {
  const areMarked = syntax.packing !== 'rle';
  const index: FrameIndex = await indexFrames(bytes, pixels.valueOffset, { frames: pixels.frames, areMarked, file });
  return {
    syntax,
    async frame(frame) {
      const fragments = index.fragments(frame);
      const length = fragments.reduce((sum, fragment) => sum + fragment.length, 0);
      refuseLongFrame(length, bytesOfFrame(pixels), file);
      const whole = new Uint8Array(length);
      let at = 0;
      for (const fragment of fragments) {
        const piece = await bytes.read(fragment.from, fragment.length);
        if (piece.length < fragment.length)
          throw cut(file, fragment.from + piece.length, fragment.from + fragment.length);
        whole.set(piece, at);
        at += piece.length;
      }
      return whole;
    },
    close: () => bytes.close(),
  };
}
