import { SegcanaryError } from '../../../errors.js';

/** How a frame is packed: by which codec, or not at all. */
export type Packing = 'native' | 'rle' | 'jpeg' | 'jpeg-ls' | 'jpeg-2000' | 'htj2k';

/** How a file of a transfer syntax is read. */
export interface TransferSyntax {
  /** In words, for messages. */
  readonly name: string;
  readonly packing: Packing;
  readonly isBigEndian: boolean;
  /** Whether everything behind the file meta information is one raw deflate stream. */
  readonly isDeflated: boolean;
  /** Whether it always loses, or may have lost, some of what was measured. */
  readonly isLossy: boolean;
}

const entry = (name: string, packing: Packing, differs: Partial<TransferSyntax> = {}): TransferSyntax => ({
  name,
  packing,
  isBigEndian: false,
  isDeflated: false,
  isLossy: false,
  ...differs,
});
const lossy = { isLossy: true } as const;

/** Those that are read. Source: PS3.6, table A-1. */
const read: Readonly<Record<string, TransferSyntax>> = {
  '1.2.840.10008.1.2': entry('Implicit VR Little Endian', 'native'),
  '1.2.840.10008.1.2.1': entry('Explicit VR Little Endian', 'native'),
  '1.2.840.10008.1.2.1.99': entry('Deflated Explicit VR Little Endian', 'native', { isDeflated: true }),
  '1.2.840.10008.1.2.2': entry('Explicit VR Big Endian', 'native', { isBigEndian: true }),
  '1.2.840.10008.1.2.5': entry('RLE Lossless', 'rle'),
  '1.2.840.10008.1.2.4.50': entry('JPEG Baseline', 'jpeg', lossy),
  '1.2.840.10008.1.2.4.51': entry('JPEG Extended', 'jpeg', lossy),
  '1.2.840.10008.1.2.4.57': entry('JPEG Lossless', 'jpeg'),
  '1.2.840.10008.1.2.4.70': entry('JPEG Lossless, First-Order Prediction', 'jpeg'),
  '1.2.840.10008.1.2.4.80': entry('JPEG-LS Lossless', 'jpeg-ls'),
  '1.2.840.10008.1.2.4.81': entry('JPEG-LS Near-Lossless', 'jpeg-ls', lossy),
  '1.2.840.10008.1.2.4.90': entry('JPEG 2000 Lossless', 'jpeg-2000'),
  '1.2.840.10008.1.2.4.91': entry('JPEG 2000', 'jpeg-2000', lossy),
  '1.2.840.10008.1.2.4.201': entry('High-Throughput JPEG 2000 Lossless', 'htj2k'),
  '1.2.840.10008.1.2.4.202': entry('High-Throughput JPEG 2000 Lossless with RPCL', 'htj2k'),
  '1.2.840.10008.1.2.4.203': entry('High-Throughput JPEG 2000', 'htj2k', lossy),
};

/** Those that are not, so that a person is told which one it was. */
const refused: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2.1.98': 'Encapsulated Uncompressed Explicit VR Little Endian',
  '1.2.840.10008.1.2.4.52': 'JPEG Extended (Process 3 & 5)',
  '1.2.840.10008.1.2.4.53': 'JPEG Spectral Selection (Process 6 & 8)',
  '1.2.840.10008.1.2.4.54': 'JPEG Spectral Selection (Process 7 & 9)',
  '1.2.840.10008.1.2.4.55': 'JPEG Full Progression (Process 10 & 12)',
  '1.2.840.10008.1.2.4.56': 'JPEG Full Progression (Process 11 & 13)',
  '1.2.840.10008.1.2.4.58': 'JPEG Lossless (Process 15)',
  '1.2.840.10008.1.2.4.92': 'JPEG 2000 Multi-component Lossless',
  '1.2.840.10008.1.2.4.93': 'JPEG 2000 Multi-component',
  '1.2.840.10008.1.2.4.94': 'JPIP Referenced',
  '1.2.840.10008.1.2.4.95': 'JPIP Referenced Deflate',
  '1.2.840.10008.1.2.4.100': 'MPEG2 Main Profile',
  '1.2.840.10008.1.2.4.101': 'MPEG2 High Profile',
  '1.2.840.10008.1.2.4.102': 'MPEG-4 High Profile',
  '1.2.840.10008.1.2.4.103': 'MPEG-4 BD-compatible High Profile',
  '1.2.840.10008.1.2.4.104': 'MPEG-4 High Profile 4.2 for 2D Video',
  '1.2.840.10008.1.2.4.105': 'MPEG-4 High Profile 4.2 for 3D Video',
  '1.2.840.10008.1.2.4.106': 'MPEG-4 Stereo High Profile',
  '1.2.840.10008.1.2.4.107': 'HEVC Main Profile',
  '1.2.840.10008.1.2.4.108': 'HEVC Main 10 Profile',
  '1.2.840.10008.1.2.4.110': 'JPEG XL Lossless',
  '1.2.840.10008.1.2.4.111': 'JPEG XL JPEG Recompression',
  '1.2.840.10008.1.2.4.112': 'JPEG XL',
  '1.2.840.10008.1.2.4.204': 'JPIP HTJ2K Referenced',
  '1.2.840.10008.1.2.4.205': 'JPIP HTJ2K Referenced Deflate',
  '1.2.840.10008.1.2.8.1': 'Deflated Image Frame Compression',
  '1.2.840.113619.5.2': "GE's private implicit big endian",
};

/**
 * How files of a transfer syntax are read.
 *
 * @param file its name, for messages
 * @throws SegcanaryError `dicom-unsupported` for one that is not read, naming it in words
 */
export function transferSyntaxOf(uid: string, file: string): TransferSyntax {
  if (Object.hasOwn(read, uid)) return read[uid];
  const name = Object.hasOwn(refused, uid) ? `${refused[uid]} (${uid})` : `the transfer syntax ${uid}`;
  throw new SegcanaryError(
    'dicom-unsupported',
    `its pixels are stored in ${name}, which is not read; rewrite it as Explicit VR Little Endian, for instance with dcmconv, gdcmconv or dcmdjpeg.`,
    { subject: file },
  );
}
