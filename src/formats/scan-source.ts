import type { ScanBytes, Slice } from '../chunks.js';
import type { ScanLimits } from '../limits.js';
import type { Warning } from '../results.js';

/** How the slices of a scan are read. */
export interface SliceReading {
  /** Name of the case, carried by every slice. */
  readonly case: string;
  /** Name of the scan in messages. */
  readonly name: string;
  /**
   * Axis codes of the training scans, where they are known: where there is exactly one, and flips
   * alone bring the scan's axes to it, they are flipped.
   */
  readonly orientations?: readonly string[] | undefined;
  readonly limits?: Partial<ScanLimits> | undefined;
  /**
   * The slices that are wanted, by their numbers. A source may give others too.
   * @default all
   */
  readonly only?: ReadonlySet<number> | undefined;
  /** Told of what is probably wrong with the scan; the second is the case. */
  readonly onWarning?: ((warning: Warning, name: string) => void) | undefined;
}

/** A scan that is no single stream of bytes: files that are read in an order of their own. */
export interface SliceSource {
  /**
   * Slices, z ascending, float32 after slope and intercept, read one at a time and from the
   * beginning with every call.
   *
   * @throws SegcanaryError while it is read, whatever is wrong with the scan
   */
  slices(reading: SliceReading): AsyncIterable<Slice>;
}

/** One channel of a scan that comes as a file, or a series, a channel. */
export interface ChannelSource {
  /** Its name in messages. */
  readonly file: string;
  readonly bytes: ScanBytes | SliceSource;
}

/** Where a scan comes from: bytes for `load`, slices, or either a channel. */
export type ScanSource = ScanBytes | SliceSource | readonly ChannelSource[];

/** Whether a source gives slices, and not bytes. */
export const isSliceSource = (source: ScanBytes | SliceSource): source is SliceSource => 'slices' in source;
