import type { Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { HeldError } from '../formats/held-error.js';
import { Inflater } from '../formats/inflate.js';
import { NiftiParser } from '../formats/nifti/parser.js';
import { limitsOf, type ScanLimits, stalled, timerMs } from '../limits.js';
import type { ImageReader } from '../plan.js';
import type { Warning } from '../results.js';
import { type Stage, stage } from './stage.js';

export interface LoadOptions {
  /** Name of the case in results. @default 'stdin' */
  readonly case?: string;
  /** Name of the file in messages. @default the case */
  readonly name?: string;
  /**
   * Which volume of a 4-D (to 7-D) file, counted from 0 with the fourth dimension fastest. Without
   * it such files are refused.
   */
  readonly volume?: number;
  /**
   * Whose rules headers are read by, where nnU-Net's readers differ: the plan's.
   * @default nibabel's, with units honoured
   */
  readonly reader?: ImageReader | undefined;
  /**
   * What a file may be at most, and how long its bytes may stay away. `seconds` is not this
   * stage's.
   * @default DEFAULT_LIMITS
   */
  readonly limits?: Partial<ScanLimits>;
  /**
   * Told of a header that contradicts itself, of bytes behind the last voxel, and of a name that
   * does not say how the file is packed.
   */
  readonly onWarning?: ((warning: Warning, name: string) => void) | undefined;
}

/**
 * Bytes of a `.nii` or `.nii.gz` to slices, z ascending, float32 after slope and intercept. Holds
 * one slice.
 *
 * NIfTI-1 and -2, both byte orders, integers and floats up to 64 bits, gzip of one or several
 * members. A .hdr/.img pair comes in through `openScan`, which makes one stream of it. Bytes after
 * the last voxel are warned of, and gzip's checksums are verified to the end: the last slices can
 * come out before the error does. What is wrong with packed bytes is told at the end of them, so
 * that damage to the packing is told as what it is.
 *
 * @throws SegcanaryError `truncated`, `gzip-corrupt`, `nifti-invalid`, `nifti-unsupported`,
 *   `non-finite`, `limit-exceeded`, `timed-out` where no byte comes while one is waited for, and
 *   `usage` for a volume that is not there
 */
export function load(options: LoadOptions = {}): Stage<Uint8Array, Slice> {
  const { case: caseName = 'stdin', name = caseName, volume, reader } = options;
  const limits = limitsOf(options.limits);
  const inflater = new Inflater(name, limits);
  const onWarning = (warning: Warning) => options.onWarning?.(warning, caseName);
  const parser = new NiftiParser({ case: caseName, name, volume, reader, limits, onWarning });
  const held = new HeldError();
  let timer: NodeJS.Timeout | undefined;
  /** Slices of the next plain bytes; none once something was wrong with those before. */
  function* parsed(piece: Uint8Array): Generator<Slice> {
    if (held.error) return held.pass(piece.length);
    try {
      yield* parser.push(piece);
    } catch (error) {
      held.hold(error, inflater.isGzip === true);
    }
  }
  const wait = () => {
    // Destroyed while bytes were being worked on: `close` has been, and a timer would hold all of
    // this until it is up.
    if (loading.destroyed) return;
    timer = setTimeout(() => loading.destroy(stalled(name, limits.stall)), timerMs(limits.stall));
    // Whatever the bytes would come from keeps the process, not this.
    timer.unref();
  };
  const loading: Stage<Uint8Array, Slice> = stage<Uint8Array, Slice>(
    { name: 'load', bytesIn: true },
    {
      async *transform(bytes) {
        clearTimeout(timer);
        for await (const piece of inflater.push(bytes)) yield* parsed(piece);
        wait();
      },
      async *flush() {
        clearTimeout(timer);
        try {
          for await (const piece of inflater.end()) yield* parsed(piece);
        } catch (error) {
          // Where there is a header, the parser can say how many bytes there should have been.
          if (error instanceof SegcanaryError && error.code === 'truncated' && parser.header && !held.error)
            parser.end();
          throw error;
        }
        held.throw();
        parser.end();
        const ending = warningOfEnding(name, inflater.isGzip === true);
        if (ending) onWarning(ending);
      },
      close() {
        clearTimeout(timer);
        inflater.close();
      },
    },
  );
  wait();
  return loading;
}

/**
 * The bytes decide how a file is read here, and its name in other tools: they refuse it, or leave
 * it out of a folder.
 */
function warningOfEnding(name: string, isGzip: boolean): Warning | null {
  const named = /\.nii(\.gz)?$/i.exec(name);
  if (named === null || (named[1] !== undefined) === isGzip) return null;
  const message = isGzip
    ? 'Its name ends in .nii and it is packed with gzip: rename it to .nii.gz.'
    : 'Its name ends in .nii.gz and it is not packed: rename it to .nii.';
  return { code: 'file-ending', message };
}
