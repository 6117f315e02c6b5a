import { niftiScans } from './nifti/open.js';
import type { ScanReader } from './scan-reader.js';

/** Every form of scans that is read; the first takes files whose name says nothing. */
export const READERS: readonly [ScanReader, ...ScanReader[]] = [niftiScans];

/** The reader for a file, by its name. */
export const readerOf = (path: string): ScanReader =>
  READERS.find(({ anyEnding }) => anyEnding.test(path)) ?? READERS[0];
