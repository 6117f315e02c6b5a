import type { Writable } from 'node:stream';
import type { LabelSlice, MaskSlice, Scan, Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import type { ImageContent, ImageDescription, VolumeWriter, WritableVoxels } from '../formats/volume-writer.js';
import { createVolumeWriter } from '../formats/write.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { type Stage, stage } from './stage.js';

export interface SaveOptions {
  /**
   * A path that ends in `.nii` or `.nii.gz`, or a stream, which gets gzip and is ended
   * (process.stdout is left open); of a scan that came as a DICOM series also one that ends in
   * `.dcm`, for a Parametric Map or a Segmentation.
   */
  readonly to: string | Writable;
  /** What made it, for a path that ends in `.dcm`. */
  readonly description?: ImageDescription | undefined;
}

export interface SaveScanOptions extends SaveOptions {
  /** What it is, where it is no scan as it came. The file says so. @default nothing is said */
  readonly content?: ImageContent | undefined;
}

/**
 * Passes the slices of the mask on and writes their voxels to a float32 NIfTI file in the geometry
 * of the source scan: voxel sizes, qform, sform and units as they were; NIfTI-1, or NIfTI-2 where a
 * dimension needs it. The header says what it is (`descrip`: `segcanary: uncertainty`), so that it
 * is not taken for a scan. A file appears whole or not at all; a stream that fails has got a part.
 *
 * @throws SegcanaryError `io`, `usage` for a path of another ending, `truncated` when the input
 *   ends before the scan does
 */
export function save(options: SaveOptions): Stage<MaskSlice, MaskSlice> {
  return saving('mask', { ...options, content: 'uncertainty' }, (slice) => ({
    scan: slice.scan,
    dataType: 'float32',
    voxels: slice.render(),
  }));
}

/**
 * The same for a segmentation: uint8, or uint16 where a label needs it.
 *
 * @throws SegcanaryError `io`, `usage` for a path of another ending, `truncated` when the input
 *   ends before the scan does
 */
export function saveLabels(options: SaveOptions): Stage<LabelSlice, LabelSlice> {
  return saving('segmentation', { ...options, content: 'labels' }, ({ grid, data }) => {
    const voxels = contiguous(data);
    return voxels instanceof Uint8Array
      ? { scan: grid.scan, dataType: 'uint8', voxels }
      : { scan: grid.scan, dataType: 'uint16', voxels };
  });
}

/**
 * The same for the slices of a scan of one channel on its own grid: float32.
 *
 * @throws SegcanaryError `io`, `usage` for a path of another ending, `truncated` when the input
 *   ends before the scan does
 */
export function saveScan(options: SaveScanOptions): Stage<Slice, Slice> {
  return saving('scan', options, ({ grid, data }) => ({
    scan: grid.scan,
    dataType: 'float32',
    voxels: contiguous(data),
  }));
}

interface Plane<T extends keyof WritableVoxels> {
  readonly scan: Scan;
  readonly dataType: T;
  readonly voxels: WritableVoxels[T];
}

function saving<S, T extends keyof WritableVoxels>(
  what: string,
  { to, content, description }: SaveScanOptions,
  planeOf: (slice: S) => Plane<T>,
): Stage<S, S> {
  let writer: VolumeWriter<T> | null = null;
  return stage<S, S>(
    { name: 'save' },
    {
      async *transform(slice, signal) {
        const { scan, dataType, voxels } = planeOf(slice);
        writer ??= await createVolumeWriter(to, { scan, dataType, content, description });
        // Destroyed while the file was being opened: `close` has been and found nothing.
        if (signal.aborted) return writer.discard();
        await writer.write(voxels);
        yield slice;
      },
      async *flush() {
        if (writer === null)
          throw new SegcanaryError('truncated', `no slice of a ${what} came, so none was written.`, {
            subject: typeof to === 'string' ? to : `the ${what}`,
          });
        await writer.commit();
        yield* [];
      },
      async close() {
        await writer?.discard();
      },
    },
  );
}
