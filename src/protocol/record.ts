/** Where a scan is. `interrupted`: the process ended before the scan was done. */
import type { SegmentResult, SubjectScore, Verdict } from '../results.js';
export const SCAN_STATUSES = ['queued', 'running', 'done', 'failed', 'interrupted'] as const;
export type ScanStatus = (typeof SCAN_STATUSES)[number];

/** Images of a scan that a server may keep. */
export const KEPT_IMAGES = ['image', 'uncertainty', 'segmentation'] as const;
export type KeptImage = (typeof KEPT_IMAGES)[number];

/** What is known of a scan when it is accepted. */
export interface NewScan {
  readonly case: string;
  /** The detector's name on this server. */
  readonly detector: string;
  /** `sha256:` and the hash of its detector.json. */
  readonly detectorHash: string;
  readonly site: string | null;
  readonly scanner: string | null;
}

/** A scan as the store knows it. No image is in it; times are ISO 8601 in UTC. */
export interface ScanRecord extends NewScan {
  readonly id: string;
  readonly status: ScanStatus;
  readonly receivedAt: string;
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** What the scan took, from its first byte read to its result. */
  readonly seconds: number | null;
  readonly result: SubjectScore | SegmentResult | null;
  /** What explains the verdict, as src/explain gives it. */
  readonly explanation: unknown;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly kept: readonly KeptImage[];
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

export type { Verdict };
