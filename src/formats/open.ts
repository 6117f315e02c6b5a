import { once } from 'node:events';
import { close, createReadStream, open, read } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SegcanaryError } from '../errors.js';
import { cannotRead } from '../files/atomic.js';
import { limitsOf, type ScanLimits } from '../limits.js';
import { inflate } from './inflate.js';
import { headerLength, type NiftiHeader, parseHeader } from './nifti/header.js';
import { joinPair } from './nifti/pair.js';

const pairEnding = /\.(hdr|img)(\.gz)?$/i;

/**
 * The bytes of the scan at `path`, for `load`: a `.nii` or `.nii.gz` as it is, whatever its name; a
 * pair, given by either of its `.hdr` and `.img` (each may be `.gz`), as the single file that holds
 * the same header and voxels.
 *
 * @param limits of what a packed .img may hold; a single file is unpacked, and measured, by `load`
 * @throws SegcanaryError `io` when there is no such file, it cannot be read, is a folder or lacks
 *   its partner; for a pair also what is wrong with its header
 */
export async function openScan(path: string, limits?: Partial<ScanLimits>): Promise<Readable> {
  if (!pairEnding.test(path)) return openFile(path);
  const header = await partner(path, 'hdr');
  const image = await partner(path, 'img');
  const { prefix, skip } = joinPair(await readStart(header), header);
  const voxels = await openFile(image);
  return Readable.from(joined(prefix, skip, inflate(voxels, image, limitsOf(limits))), { objectMode: false });
}

/**
 * The header of the scan at `path`, and nothing more of it.
 *
 * @throws SegcanaryError as `openScan`, and what is wrong with the header
 */
export async function readHeader(path: string): Promise<NiftiHeader> {
  return parseHeader(await startOf(await openScan(path), path), { name: path });
}

async function openFile(path: string): Promise<Readable> {
  try {
    // Reading a folder fails only at the first read, without a path in the message.
    if ((await stat(path)).isDirectory()) throw Object.assign(new Error('is a directory'), { code: 'EISDIR' });
    const stream = createReadStream(path, { highWaterMark: 1 << 18, fs: telling(path) });
    await once(stream, 'open');
    return stream;
  } catch (cause) {
    throw cannotRead(path, cause);
  }
}

/** The file system as a stream needs it, whose errors half-way name the file too. */
const telling = (path: string) => ({
  open,
  close,
  read: ((fd, buffer, offset, length, position, done) =>
    read(fd, buffer as Uint8Array, offset as number, length as number, position as number, (error, n, bytes) =>
      (done as ReadDone)(error && cannotRead(path, error), n, bytes),
    )) as typeof read,
});

type ReadDone = (error: Error | null, n: number, bytes: NodeJS.ArrayBufferView) => void;

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

/** The first bytes of a header file: all of its header, or all there is. */
async function readStart(path: string): Promise<Uint8Array> {
  return startOf(await openFile(path), path);
}

async function startOf(file: Readable, path: string): Promise<Uint8Array> {
  const start = new Uint8Array(540);
  let length = 0;
  for await (const bytes of inflate(file, path)) {
    const piece = bytes.subarray(0, start.length - length);
    start.set(piece, length);
    length += piece.length;
    if (length === start.length) break;
  }
  file.destroy();
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
