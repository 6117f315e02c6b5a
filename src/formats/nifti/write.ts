import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Triple } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';
import { type AtomicFile, cannotWrite, createAtomicFile } from '../../files/atomic.js';
import type { ImageContent, ImageForm, VolumeWriter, WritableVoxels } from '../volume-writer.js';
import { geometryOf } from './affine.js';
import { encodeHeader } from './encode-header.js';
import type { NiftiGeometry } from './geometry.js';
import { isNiftiGeometry } from './geometry.js';

export interface NiftiWriterOptions<T extends keyof WritableVoxels = keyof WritableVoxels> {
  /** Voxels along [z, y, x]. */
  readonly shape: Triple;
  /** Volumes of a 4-D file, written one after another. @default 1: a 3-D file */
  readonly volumes?: number;
  readonly dataType: T;
  readonly geometry: NiftiGeometry;
  /** What the image holds. @default nothing is said */
  readonly content?: ImageContent | undefined;
}

/**
 * Against level 6: 4 % larger and 2.5 times faster on a CT, 0.1 % larger on a smooth float mask.
 */
const gzipLevel = 1;

const endings = /\.nii(\.gz)?$/i;

/**
 * Opens `to` for one volume: a path ending in `.nii` or `.nii.gz`, or a Writable, which gets gzip
 * and is ended (process.stdout is left open). The gzip header carries no time and no name, so that
 * equal voxels give equal bytes.
 *
 * @throws SegcanaryError `usage` for another ending, `io` when the file cannot be written,
 *   `scan-unsuitable` when the slices do not fit the shape
 */
export async function createNiftiWriter<T extends keyof WritableVoxels>(
  to: string | Writable,
  options: NiftiWriterOptions<T>,
): Promise<VolumeWriter<T>> {
  const label = typeof to === 'string' ? to : 'the NIfTI output';
  if (typeof to === 'string' && !endings.test(to)) {
    throw new SegcanaryError('usage', 'a NIfTI file is written under a name that ends in .nii or .nii.gz.', {
      subject: to,
    });
  }
  const file: AtomicFile | null = typeof to === 'string' ? await createAtomicFile(to) : null;
  const destination = file ? file.stream : (to as Writable);
  const zipped = typeof to !== 'string' || /\.gz$/i.test(to);
  const sink = zipped ? createGzip({ level: gzipLevel, chunkSize: 1 << 16 }) : destination;
  const piped = zipped ? pipeline(sink as ReturnType<typeof createGzip>, destination) : Promise.resolve();
  // Whoever writes next, or commits, is told.
  piped.catch(() => {});
  const [, height, width] = options.shape;
  const depth = options.shape[0] * (options.volumes ?? 1);
  let written = 0;
  let settled = false;

  const put = async (bytes: Uint8Array) => {
    try {
      await new Promise<void>((resolve, reject) => sink.write(bytes, (error) => (error ? reject(error) : resolve())));
    } catch (error) {
      // The destination's own error says more than "the stream was destroyed".
      if (zipped) await piped;
      throw error;
    }
  };
  const discard = async () => {
    if (settled) return;
    settled = true;
    sink.destroy();
    await piped.catch(() => {});
    await (file ? file.discard() : destination.destroy());
  };
  const orDiscard = async (work: () => Promise<void>) => {
    try {
      await work();
    } catch (error) {
      await discard();
      throw file ? cannotWrite(label, error) : error;
    }
  };

  await orDiscard(() => put(encodeHeader(options)));
  return {
    write: (voxels) =>
      orDiscard(async () => {
        if (voxels.length !== height * width || written === depth) {
          throw new SegcanaryError(
            'scan-unsuitable',
            `slice ${written} of ${voxels.length} voxels does not fit a volume of ${width} x ${height} x ${depth}.`,
            { subject: label },
          );
        }
        written++;
        await put(new Uint8Array(voxels.buffer, voxels.byteOffset, voxels.byteLength));
      }),
    commit: () =>
      orDiscard(async () => {
        if (written !== depth) {
          throw new SegcanaryError('truncated', `only ${written} of ${depth} slices were written.`, { subject: label });
        }
        if (zipped) sink.end();
        await piped;
        await file?.commit();
        settled = true;
      }),
    discard,
  };
}

/** NIfTI as a form of images: the header is the scan's own where it came as NIfTI. */
export const niftiImages: ImageForm = {
  ending: endings,
  create: (to, { scan: { shape, affine, header }, ...options }) =>
    createNiftiWriter(to, { ...options, shape, geometry: isNiftiGeometry(header) ? header : geometryOf(affine) }),
};

export interface WriteNiftiOptions<T extends keyof WritableVoxels> {
  /** Voxels along [z, y, x]. */
  readonly shape: Triple;
  /** Voxel size in mm along [z, y, x]. Needed where neither affine nor geometry is given. */
  readonly spacing?: Triple;
  /**
   * Row-major 4x4, voxel (x, y, z, 1) to RAS+ mm.
   * @default LPS axes as in DICOM: diag(-x, -y, z), the origin in the first voxel
   */
  readonly affine?: readonly number[];
  /** Everything that the header says of space, instead of an affine. */
  readonly geometry?: NiftiGeometry;
  readonly dataType: T;
  /** [y, x] in C order, z ascending. */
  readonly slices: Iterable<WritableVoxels[T]> | AsyncIterable<WritableVoxels[T]>;
}

/**
 * Writes a whole volume; see `createNiftiWriter`.
 *
 * @throws SegcanaryError `usage`, `io`, and `truncated` or `scan-unsuitable` when the slices do not
 *   make up the shape
 */
export async function writeNifti<T extends keyof WritableVoxels>(
  to: string | Writable,
  options: WriteNiftiOptions<T>,
): Promise<void> {
  const { shape, spacing, affine, dataType, slices } = options;
  const geometry = options.geometry ?? (affine ? geometryOf(affine) : spacing && geometryOf(lpsAffine(spacing)));
  if (!geometry) throw new SegcanaryError('usage', 'writeNifti needs a spacing, an affine or a geometry.');
  const writer = await createNiftiWriter(to, { shape, dataType, geometry });
  try {
    for await (const slice of slices) await writer.write(slice);
    await writer.commit();
  } finally {
    await writer.discard();
  }
}

function lpsAffine([z, y, x]: Triple): number[] {
  return [-x, 0, 0, 0, 0, -y, 0, 0, 0, 0, z, 0, 0, 0, 0, 1];
}
