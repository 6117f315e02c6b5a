import type { ServerRecord } from '../protocol/record.js';
import type { SegmentResult, SubjectScore } from '../results.js';

/** What is known of a scan when it is accepted. */
export type NewScan = Pick<ServerRecord, 'case' | 'detector' | 'detectorHash' | 'site' | 'scanner'>;

/**
 * A scan as the store knows it. Clients are sent the same record with its result as one line and
 * with its progress.
 */
export interface ScanRecord extends Omit<ServerRecord, 'progress' | 'result' | 'explanation'> {
  readonly result: SubjectScore | SegmentResult | null;
  /** What explains the verdict, as src/explain gives it. */
  readonly explanation: unknown;
}

/** What is known of a scan that is done. */
export interface FinishedScan extends Pick<ScanRecord, 'explanation' | 'kept'> {
  readonly result: SubjectScore | SegmentResult;
  readonly seconds: number;
}

/** The score within a result; null of a segmentation without a detector. */
export function scoreOf(result: SubjectScore | SegmentResult): SubjectScore | null {
  return 'voxels' in result ? result.score : result;
}
