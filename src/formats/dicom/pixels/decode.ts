import { SegcanaryError } from '../../../errors.js';
import type { StoredPixels } from '../dicom-header.js';
import { CodecThread } from './codec-thread.js';
import { type Codestream, hasEnd, readCodestream } from './codestream.js';
import { bytesOfFrame } from './fragments.js';
import { decodeRle } from './rle.js';
import type { TransferSyntax } from './transfer-syntax.js';

/** Samples of a frame as they are stored, unpacked. */
export interface Samples {
  /** In a buffer of their own. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isBigEndian: boolean;
  /** Bits of a sample's bytes, and those of them that are its value. */
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
}

/** One for the process, whoever reads: the codecs take 20 MB, and one core. */
const thread = new CodecThread();

/** Ends the thread of the codecs, for tests. */
export const closeCodecs = (): Promise<void> => thread.close();

/**
 * Unpacks one frame.
 *
 * @param bytes of the frame, gone afterwards
 * @param options.seconds that it may take
 * @param options.name of the file and the frame, for messages
 * @throws SegcanaryError `truncated` for a codestream without its end, `dicom-invalid` for one that
 *   is damaged or is not what the header says, `timed-out`
 */
export async function decodeFrame(
  bytes: Uint8Array<ArrayBuffer>,
  pixels: StoredPixels,
  { packing, isBigEndian }: TransferSyntax,
  { seconds, name }: { readonly seconds: number; readonly name: string },
): Promise<Samples> {
  const { rows, columns, bitsAllocated, bitsStored, highBit, isSigned } = pixels;
  const stored = { isBigEndian, bitsAllocated, bitsStored, highBit };
  if (packing === 'native') return { ...stored, bytes };
  if (packing === 'rle') return { ...stored, bytes: unpackedRle(bytes, pixels, name) };
  const { precision } = checked(readCodestream(bytes, packing), pixels, name);
  if (!hasEnd(bytes))
    throw new SegcanaryError(
      'truncated',
      `its packed pixels, ${bytes.length} bytes, have no end marker; the file is incomplete, copy it again.`,
      { subject: name },
    );
  const request = { bytes, packing, rows, columns, bitsAllocated, bitsStored, isSigned };
  const decoded = await thread.decode(request, { seconds, file: name });
  const expected = (rows * columns * decoded.bitsAllocated) / 8;
  if (decoded.samples.length !== expected || ![8, 16, 32].includes(decoded.bitsAllocated))
    throw damaged(name, `the decoder gives ${decoded.samples.length} bytes, and a frame has ${bytesOfFrame(pixels)}`);
  const bits = Math.min(precision, bitsStored);
  return {
    bytes: decoded.samples,
    isBigEndian: false,
    bitsAllocated: decoded.bitsAllocated,
    bitsStored: bits,
    highBit: bits - 1,
  };
}

function unpackedRle(bytes: Uint8Array, pixels: StoredPixels, name: string): Uint8Array<ArrayBuffer> {
  try {
    return decodeRle(bytes, pixels.rows * pixels.columns, pixels.bitsAllocated / 8);
  } catch (cause) {
    throw damaged(name, (cause as RangeError).message);
  }
}

/** The codestream has to be that of the frame that the header announces. */
function checked(codestream: Codestream | null, pixels: StoredPixels, name: string): Codestream {
  if (codestream === null) throw damaged(name, 'they do not begin as those of its transfer syntax do');
  const { rows, columns, components, precision } = codestream;
  if (rows !== pixels.rows || columns !== pixels.columns || components !== 1)
    throw damaged(
      name,
      `they say ${rows} x ${columns} with ${components} components, and the header ${pixels.rows} x ${pixels.columns} with 1`,
    );
  if (precision > pixels.bitsAllocated)
    throw damaged(name, `their samples have ${precision} bits, and the header allocates ${pixels.bitsAllocated}`);
  return codestream;
}

const damaged = (name: string, what: string): SegcanaryError =>
  new SegcanaryError('dicom-invalid', `its packed pixels are damaged: ${what}; copy the file again.`, {
    subject: name,
  });
