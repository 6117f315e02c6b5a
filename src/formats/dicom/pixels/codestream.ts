import type { Packing } from './transfer-syntax.js';

/** What the codestream of a frame says of itself. */
export interface Codestream {
  readonly rows: number;
  readonly columns: number;
  readonly components: number;
  /** Bits of a sample. */
  readonly precision: number;
}

/** SOI and EOI, of JPEG and JPEG-LS; SOC, SIZ and EOC, of JPEG 2000. */
const [SOI, SOC_SIZ, END] = [0xffd8, 0xff4fff51, 0xffd9] as const;

/**
 * Reads the size out of a codestream: of JPEG (ITU-T T.81, section B.2.2) and JPEG-LS (T.87) its
 * frame header, of JPEG 2000 (T.800, section A.5.1) its SIZ marker segment. The decoder allocates
 * what the codestream says, which is bytes that anybody can write.
 *
 * @returns null where it has none
 */
export function readCodestream(bytes: Uint8Array, packing: Packing): Codestream | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return packing === 'jpeg' || packing === 'jpeg-ls' ? readJpeg(view) : readJpeg2000(view);
}

/**
 * Whether a codestream ends with its end marker, which stands nowhere within coded samples. Behind
 * it there may be zeros to fill the fragment up, or a few bytes of anything, as scanners leave
 * them. Decoders give voxels for a codestream that was cut, in silence.
 */
export function hasEnd(bytes: Uint8Array): boolean {
  let end = bytes.length;
  while (end > 2 && bytes[end - 1] === 0) end--;
  for (let at = end - 2; at >= 0 && at >= end - 2 - MOST_LEFT; at--)
    if (bytes[at] === END >> 8 && bytes[at + 1] === (END & 0xff)) return true;
  return false;
}

/** Bytes other than zeros behind an end marker at most: in ricord's CTs, one. */
const MOST_LEFT = 8;

function readJpeg(view: DataView): Codestream | null {
  if (view.byteLength < 4 || view.getUint16(0) !== SOI) return null;
  for (let at = 2; at + 10 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    // Fill bytes may stand before a marker.
    if (marker === 0xff) {
      at++;
      continue;
    }
    // SOF0 to SOF15, less DHT, JPG and DAC, and SOF55 of JPEG-LS.
    const isFrame = (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) || marker === 0xf7;
    if (isFrame)
      return {
        precision: view.getUint8(at + 4),
        rows: view.getUint16(at + 5),
        columns: view.getUint16(at + 7),
        components: view.getUint8(at + 9),
      };
    // SOS: samples before the frame header.
    if (marker === 0xda) return null;
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

function readJpeg2000(view: DataView): Codestream | null {
  if (view.byteLength < 43 || view.getUint32(0) !== SOC_SIZ) return null;
  const [xsiz, ysiz, xOffset, yOffset] = [8, 12, 16, 20].map((at) => view.getUint32(at));
  return {
    rows: ysiz - yOffset,
    columns: xsiz - xOffset,
    components: view.getUint16(40),
    precision: (view.getUint8(42) & 0x7f) + 1,
  };
}
