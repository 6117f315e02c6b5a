import type { Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { Inflater } from '../nifti/inflate.js';
import { NiftiParser } from '../nifti/parser.js';
import { type Stage, stage } from './stage.js';

export interface LoadOptions {
  /** Name of the case in results. @default 'stdin' */
  readonly case?: string;
  /** Name of the file in messages. @default the case */
  readonly name?: string;
  /** Which volume of a 4-D (to 7-D) file, counted from 0 with the fourth dimension fastest. Without it such files are refused. */
  readonly volume?: number;
}

/**
 * Bytes of a `.nii` or `.nii.gz` to slices, z ascending, float32 after slope and intercept. Holds one slice.
 *
 * NIfTI-1 and -2, both byte orders, integers and floats up to 64 bits, gzip of one or several members. A .hdr/.img pair comes in
 * through `openScan`, which makes one stream of it. Bytes after the last voxel are ignored, but gzip's checksums are verified to the end:
 * the last slices can come out before the error does.
 *
 * @throws SegcanaryError `truncated`, `gzip-corrupt`, `nifti-invalid`, `nifti-unsupported`, `non-finite`, and `usage` for a volume that is not there
 */
export function load(options: LoadOptions = {}): Stage<Uint8Array, Slice> {
  const { case: caseName = 'stdin', name = caseName, volume } = options;
  const inflater = new Inflater(name);
  const parser = new NiftiParser({ case: caseName, name, volume });
  return stage<Uint8Array, Slice>(
    { name: 'load', bytesIn: true },
    {
      async *transform(bytes) {
        for await (const piece of inflater.push(bytes)) yield* parser.push(piece);
      },
      async *flush() {
        try {
          for await (const piece of inflater.end()) yield* parser.push(piece);
        } catch (error) {
          // Where there is a header, the parser can say how many bytes there should have been.
          if (error instanceof SegcanaryError && error.code === 'truncated' && parser.header) parser.end();
          throw error;
        }
        parser.end();
      },
      close() {
        inflater.close();
      },
    },
  );
}
