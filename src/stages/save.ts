import type { Writable } from 'node:stream';
import type { MaskSlice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { createNiftiWriter, type NiftiWriter } from '../nifti/write.js';
import { type Stage, stage } from './stage.js';

export interface SaveOptions {
  /** A path that ends in `.nii` or `.nii.gz`, or a stream, which gets gzip and is ended (process.stdout is left open). */
  readonly to: string | Writable;
}

/**
 * Passes the slices of the mask on and writes their voxels to a float32 NIfTI file in the geometry of the source scan: voxel sizes, qform, sform and
 * units as they were; NIfTI-1, or NIfTI-2 where a dimension needs it. A file appears whole or not at all; a stream that fails has got a part.
 *
 * @throws SegcanaryError `io`, `usage` for a path of another ending, `truncated` when the input ends before the scan does
 */
export function save(options: SaveOptions): Stage<MaskSlice, MaskSlice> {
  const { to } = options;
  let writer: NiftiWriter<'float32'> | null = null;
  return stage<MaskSlice, MaskSlice>(
    { name: 'save' },
    {
      async *transform(slice, signal) {
        const { shape, geometry } = slice.scan;
        writer ??= await createNiftiWriter(to, { shape, geometry, dataType: 'float32' });
        // Destroyed while the file was being opened: `close` has been and found nothing.
        if (signal.aborted) return writer.discard();
        await writer.write(slice.render());
        yield slice;
      },
      async *flush() {
        if (writer === null)
          throw new SegcanaryError('truncated', `${label(to)}: no slice of a mask came, so none was written.`);
        await writer.commit();
        yield* [];
      },
      async close() {
        await writer?.discard();
      },
    },
  );
}

function label(to: string | Writable): string {
  return typeof to === 'string' ? to : 'the mask';
}
