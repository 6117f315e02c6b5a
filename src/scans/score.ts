import type { Writable } from 'node:stream';
import { type OpenDetector, windowOf } from '../detectors/opened.js';
import { explaining } from '../explain/explainer.js';
import type { ScanSource } from '../formats/scan-source.js';
import { judged, prepared } from '../pipeline.js';
import type { EarlyVerdict, SubjectScore } from '../results.js';
import { last } from '../stages/collectors.js';
import { Decided } from '../stages/decide.js';
import { endedEarly, runScan, type ScanOptions } from './run.js';
import { collectedWarnings } from './warnings.js';

export interface ScoreScanOptions extends ScanOptions {
  /** From `openDetector`; scans share one. */
  readonly detector: OpenDetector;
  /**
   * Where the uncertainty mask goes: a path, or a stream that gets gzip. A detector on features has
   * one. An abort that comes after the file has got its name leaves it there, whole.
   */
  readonly mask?: string | Writable | undefined;
  /**
   * Stop as soon as the scan is certainly out of distribution. It takes a calibrated detector on
   * features whose distances are never negative, and gives no mask.
   * @default false
   */
  readonly early?: boolean | undefined;
  /**
   * Say what explains the verdict: the score gets an `explanation`. Not with `early`.
   * @default false
   */
  readonly explain?: boolean | undefined;
}

/**
 * Scores one scan with the pipeline of its detector: scanned → prepared → judged.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `usage` for a mask of a detector that has
 *   none and for `early` where nothing can be decided, `aborted` when the signal says so
 */
export async function scoreScan(
  source: ScanSource,
  options: ScoreScanOptions & { readonly early?: false | undefined },
): Promise<SubjectScore>;
export async function scoreScan(source: ScanSource, options: ScoreScanOptions): Promise<SubjectScore | EarlyVerdict>;
export async function scoreScan(source: ScanSource, options: ScoreScanOptions): Promise<SubjectScore | EarlyVerdict> {
  const { detector, explain } = options;
  const { plan, orientations } = detector.description;
  const told = { ...options, ...collectedWarnings(options), ...explaining(detector, explain), plan };
  try {
    const judging = prepared({ ...told, orientations, window: windowOf(detector) }).to(judged(detector, told));
    const found = await runScan(source, { ...told, orientations }, judging, last());
    if (found === null) throw endedEarly(options, 'it could be scored');
    return found;
  } catch (error) {
    if (error instanceof Decided) return error.verdict;
    throw error;
  }
}
