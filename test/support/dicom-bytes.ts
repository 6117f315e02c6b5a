/** Elements of a data set in Explicit VR Little Endian, as a peer sends them. */
const LONG = ['OB', 'OW', 'SQ', 'UN'];

export function element(tag: number, vr: string, value: Buffer | string): Buffer {
  const text = typeof value === 'string' ? value : null;
  const pad = vr === 'UI' ? '\0' : ' ';
  const bytes = text === null ? (value as Buffer) : Buffer.from(text.length % 2 === 0 ? text : text + pad, 'latin1');
  const head = Buffer.alloc(LONG.includes(vr) ? 12 : 8);
  head.writeUInt16LE(tag >>> 16, 0);
  head.writeUInt16LE(tag & 0xffff, 2);
  head.write(vr, 4, 'latin1');
  if (LONG.includes(vr)) head.writeUInt32LE(bytes.length, 8);
  else head.writeUInt16LE(bytes.length, 6);
  return Buffer.concat([head, bytes]);
}

const uint16 = (value: number): Buffer => Buffer.of(value & 255, value >> 8);

export const CT = '1.2.840.10008.5.1.4.1.1.2';
export const RTSTRUCT = '1.2.840.10008.5.1.4.1.1.481.3';
export const EXPLICIT = '1.2.840.10008.1.2.1';

export interface CtSlice {
  readonly study: string;
  readonly series: string;
  readonly sopInstance: string;
  /** mm along the patient's axis. */
  readonly z: number;
  readonly rows?: number;
  readonly columns?: number;
  /** Stored values, row by row. @default zeros */
  readonly pixels?: Int16Array;
  readonly patient?: string;
  readonly institution?: string;
  readonly station?: string;
  /** Series Number. @default 3 */
  readonly number?: number;
  /** mm between rows, and between columns. @default [1, 1] */
  readonly spacing?: readonly [number, number];
  /** Image Type. @default ORIGINAL\\PRIMARY\\AXIAL */
  readonly type?: string;
  /** @default 'CT' */
  readonly modality?: string;
  /** @default that of a CT */
  readonly sopClass?: string;
}

/** The data set of a slice of a CT, without file meta information. */
export function ctDataset(slice: CtSlice): Buffer {
  const { study, series, sopInstance, z, rows = 8, columns = 8, patient = 'DOE^JANE' } = slice;
  const { institution = 'North', station = 'CT01' } = slice;
  const { number = 3, spacing = [1, 1], type = 'ORIGINAL\\PRIMARY\\AXIAL' } = slice;
  const pixels = slice.pixels ?? new Int16Array(rows * columns);
  return Buffer.concat([
    element(0x00080008, 'CS', type),
    element(0x00080016, 'UI', slice.sopClass ?? CT),
    element(0x00080018, 'UI', sopInstance),
    element(0x00080060, 'CS', slice.modality ?? 'CT'),
    element(0x00080070, 'LO', 'ACME'),
    element(0x00080080, 'LO', institution),
    element(0x00081010, 'SH', station),
    element(0x00081090, 'LO', 'Scan 9'),
    element(0x00100010, 'PN', patient),
    element(0x00100020, 'LO', 'ID-4711'),
    element(0x00181210, 'SH', 'B40f'),
    element(0x0020000d, 'UI', study),
    element(0x0020000e, 'UI', series),
    element(0x00200011, 'IS', `${number}`),
    element(0x00200013, 'IS', '1'),
    element(0x00200032, 'DS', `0\\0\\${z}`),
    element(0x00200037, 'DS', '1\\0\\0\\0\\1\\0'),
    element(0x00200052, 'UI', `${study}.9`),
    element(0x00280002, 'US', uint16(1)),
    element(0x00280004, 'CS', 'MONOCHROME2'),
    element(0x00280010, 'US', uint16(rows)),
    element(0x00280011, 'US', uint16(columns)),
    element(0x00280030, 'DS', spacing.join('\\')),
    element(0x00280100, 'US', uint16(16)),
    element(0x00280101, 'US', uint16(16)),
    element(0x00280102, 'US', uint16(15)),
    element(0x00280103, 'US', uint16(1)),
    element(0x00281052, 'DS', '0'),
    element(0x00281053, 'DS', '1'),
    element(0x7fe00010, 'OW', Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength)),
  ]);
}

/** The data set of a structure set, which holds no image. */
export const rtstructDataset = (study: string, series: string, sopInstance: string): Buffer =>
  Buffer.concat([
    element(0x00080016, 'UI', RTSTRUCT),
    element(0x00080018, 'UI', sopInstance),
    element(0x00080060, 'CS', 'RTSTRUCT'),
    element(0x00100010, 'PN', 'DOE^JANE'),
    element(0x0020000d, 'UI', study),
    element(0x0020000e, 'UI', series),
  ]);
