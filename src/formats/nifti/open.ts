import { access } from 'node:fs/promises';
import { PassThrough, pipeline, type Readable } from 'node:stream';
import { SegcanaryError } from '../../errors.js';
import { openFile, type Patience, patiently } from '../../files/open.js';
import { limitsOf, type ScanLimits } from '../../limits.js';
import { inflate } from '../inflate.js';
import type { ScanReader } from '../scan-reader.js';
import { contentOf } from './content.js';
import { headerLength, parseHeader } from './header.js';
import { joinPair } from './pair.js';

const pairEnding = /\.(hdr|img)(\.gz)?$/i;

/** NIfTI as a form of scans: single files, and .hdr/.img pairs. */
export const niftiScans: ScanReader = {
  scanEnding: /\.(nii|nii\.gz|hdr|hdr\.gz)$/i,
  anyEnding: /\.(nii|hdr|img)(\.gz)?$/i,
  open: openNifti,
  files: filesOf,
  contentOf,
  readHeader: async (path, { reader, signal } = {}) =>
    parseHeader(await startOf(await openNifti(path, undefined, signal), path, { signal }), { name: path, reader }),
};

/** A single file as it is; a pair as the single file that holds the same header and voxels. */
async function openNifti(path: string, limits?: Partial<ScanLimits>, signal?: AbortSignal): Promise<Readable> {
  if (!pairEnding.test(path)) return openFile(path);
  const header = await partner(path, 'hdr');
  const image = await partner(path, 'img');
  const { prefix, skip } = joinPair(
    await startOf(await openFile(header), header, { stall: limits?.stall, signal }),
    header,
  );
  const voxels = await openFile(image);
  const whole = new PassThrough();
  // An error is told where the bytes are read. Whoever leaves there would otherwise wait with the
  // generator for the next bytes of a pipe.
  pipeline(joined(prefix, skip, inflate(voxels, image, limitsOf(limits))), whole, () => {});
  whole.once('close', () => voxels.destroy());
  return whole;
}

async function filesOf(path: string): Promise<string[]> {
  if (!pairEnding.test(path)) return [path];
  const found = await Promise.all((['hdr', 'img'] as const).map((kind) => partner(path, kind).catch(() => path)));
  return [...new Set(found)];
}

/**
 * The path of that member of the pair: packed like the member that was given where there is a
 * choice, in the same case of letters.
 */
async function partner(given: string, kind: 'hdr' | 'img'): Promise<string> {
  const [, ending, gz = ''] = pairEnding.exec(given) as unknown as [string, string, string | undefined];
  if (ending.toLowerCase() === kind) return given;
  const base = given.slice(0, given.length - ending.length - gz.length);
  const upper = ending === ending.toUpperCase();
  const plain = base + (upper ? kind.toUpperCase() : kind);
  const packed = plain + (gz || (upper ? '.GZ' : '.gz'));
  for (const candidate of gz ? [packed, plain] : [plain, packed]) {
    if (
      await access(candidate).then(
        () => true,
        () => false,
      )
    )
      return candidate;
  }
  throw new SegcanaryError(
    'io',
    `its other half ${plain} (or ${packed}) is not there; a pair needs both files in one folder.`,
    { subject: given },
  );
}

/** The first bytes of a file: all of its header, or all there is. */
async function startOf(file: Readable, path: string, patience: Patience): Promise<Uint8Array> {
  const start = new Uint8Array(540);
  let length = 0;
  for await (const bytes of inflate(patiently(file, path, patience), path)) {
    const piece = bytes.subarray(0, start.length - length);
    start.set(piece, length);
    length += piece.length;
    if (length === start.length) break;
  }
  const wanted = headerLength(start.subarray(0, length)) ?? 348;
  if (length < wanted) {
    throw new SegcanaryError(
      'truncated',
      `a NIfTI header has ${wanted} bytes and this file ${length}; it is incomplete, copy it again.`,
      { subject: path },
    );
  }
  return start.subarray(0, wanted);
}

async function* joined(prefix: Uint8Array, skip: number, image: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield prefix;
  let left = skip;
  for await (const bytes of image) {
    const dropped = Math.min(left, bytes.length);
    left -= dropped;
    if (dropped < bytes.length) yield bytes.subarray(dropped);
  }
}
