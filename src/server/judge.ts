import type { Writable } from 'node:stream';
import type { ScanSource } from '../formats/scan-source.js';
import type { ScanProgress } from '../protocol/record.js';
import type { Explanation, SegmentResult, SubjectScore } from '../results.js';
import type { ServedDetector } from './served.js';

/** What a client asks for. */
export interface ScanRequest {
  readonly served: ServedDetector;
  readonly case: string;
  readonly site: string | null;
  readonly scanner: string | null;
  /** Which volume of a 4-D file. */
  readonly volume: number | undefined;
  /** Segment the scan too; the detector then has a network for it. */
  readonly segment: boolean;
}

/** Gives the bytes of a scan. Called once, by whoever is about to read them. */
export type OpenScan = () => Promise<ScanSource>;

export interface JudgeOptions {
  /**
   * Opens where the uncertainty map goes, which gets gzip; absent where nobody wants one. Called
   * when the bytes of the scan are there.
   */
  readonly mask?: (() => Writable) | undefined;
  /** Where the segmentation goes, where one is asked for: a path. */
  readonly segmentation: string;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: ScanProgress) => void;
}

export interface Judged {
  /** Without its explanation. */
  readonly result: SubjectScore | SegmentResult;
  readonly explanation: Explanation | null;
}

/**
 * Judges scans, one a call; whoever calls takes care that they are no more at a time than it can
 * take (`Places`).
 */
export interface Judge {
  /** @throws SegcanaryError what is wrong with the scan, `aborted` when the signal says so */
  judge(request: ScanRequest, open: OpenScan, options: JudgeOptions): Promise<Judged>;
}
