import type { Readable } from 'node:stream';
import type { Scan } from '../chunks.js';
import type { ScanLimits } from '../limits.js';
import type { ImageReader } from '../plan.js';

/** How a header is read. */
export interface HeaderOptions {
  /** Whose rules it is read by. @default nibabel's, with units honoured */
  readonly reader?: ImageReader | undefined;
  /** Ends the waiting for its bytes. */
  readonly signal?: AbortSignal | undefined;
}

/** A form in which scans come as files. One folder each, and one line in `readers.ts`. */
export interface ScanReader {
  /** Names of the files in a folder that stand for a scan. */
  readonly scanEnding: RegExp;
  /** Every ending that is not part of a case's name. */
  readonly anyEnding: RegExp;
  /**
   * The bytes of the scan at `path`, for `load`.
   *
   * @param signal ends what has to be read before there is a stream
   * @throws SegcanaryError `io` where the files cannot be read
   */
  open(path: string, limits?: Partial<ScanLimits>, signal?: AbortSignal): Promise<Readable>;
  /**
   * Every file that is read for the scan at `path`: of a pair both, as far as they are there.
   */
  files(path: string): Promise<readonly string[]>;
  /** What an image holds that segcanary made itself; null for any other file. */
  contentOf(path: string): Promise<string | null>;
  /**
   * The header of the scan at `path`, and nothing more of it.
   *
   * @throws SegcanaryError as `open`, and what is wrong with the header
   */
  readHeader(path: string, options?: HeaderOptions): Promise<Pick<Scan, 'shape' | 'spacing' | 'affine'>>;
}
