import type { Readable } from 'node:stream';
import type { SegcanaryError } from '../errors.js';
import type { FoundSeries } from '../formats/dicom/found-series.js';

/** A scan that was asked for: files, a DICOM series, or stdin. */
export interface ScanInput {
  readonly case: string;
  /**
   * Path of the file, of the folder or archive of a series; `-` for stdin. Of the first channel
   * where there are several.
   */
  readonly file: string;
  /** Paths of the further channels, in the order of the plan. */
  readonly moreChannels?: readonly string[];
  /** Number of a channel that is not there although a later one is: `0001`. */
  readonly missingChannel?: string | undefined;
  /** The series of every channel, where the scan is DICOM. Whoever has these opens no path. */
  readonly series?: readonly FoundSeries[] | undefined;
  /** The bytes, where they come as a stream. @default stdin's, of `-` */
  readonly bytes?: Readable | undefined;
  /** What was wrong with it when scans were looked for: it fails with it when its turn comes. */
  readonly error?: SegcanaryError | undefined;
}

/** Path of every channel. */
export const filesOf = ({ file, moreChannels = [] }: Pick<ScanInput, 'file' | 'moreChannels'>): string[] => [
  file,
  ...moreChannels,
];

/** What tells one input from another: two series may come from one folder. */
export const keyOf = (input: Pick<ScanInput, 'file' | 'moreChannels' | 'series'>): string =>
  [...filesOf(input), ...(input.series ?? []).map(({ key }) => key)].join('\n');
