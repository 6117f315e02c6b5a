import { type Calibration, calibrate as drawBoundaries } from '../detectors/calibration.js';
import { writeCalibration } from '../detectors/saved.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { isFailure, type ScanFailure, type SubjectScore } from '../results.js';
import { hashInput } from './inputs.js';
import { type ScoreJobOptions, scoreScans } from './score.js';

export interface CalibrateJobOptions extends Omit<ScoreJobOptions, 'mask' | 'early'> {
  /** Told of every scan that could be scored. */
  readonly onScan?: (score: SubjectScore) => void;
  readonly onFailure?: (failure: ScanFailure) => void;
  /** Share of in-distribution scans that the boundary is to keep. @default 0.95 */
  readonly level?: number | undefined;
}

export interface CalibrationResult {
  readonly calibration: Calibration;
  /** What the calibration cannot promise, or hangs on. */
  readonly warnings: readonly Warning[];
  readonly failures: readonly ScanFailure[];
}

/**
 * Scores held-out in-distribution scans and draws the detector's boundaries from them;
 * detector.json is rewritten whole.
 *
 * @throws SegcanaryError `fit-failed` when no scan could be scored, `usage` when a scan was among
 *   those that the detector was fitted to
 */
export async function calibrateDetector(options: CalibrateJobOptions): Promise<CalibrationResult> {
  await refuseTrainingScans(options);
  const cases: { case: string; score: number }[] = [];
  const failures: ScanFailure[] = [];
  for await (const result of scoreScans({ ...options, early: false })) {
    if (isFailure(result)) {
      failures.push(result);
      options.onFailure?.(result);
    } else {
      cases.push({ case: result.case, score: result.score });
      options.onScan?.(result);
    }
  }
  if (cases.length === 0) {
    throw new SegcanaryError(
      'fit-failed',
      `none of the ${options.inputs.length} scans could be scored, so the detector stays uncalibrated.`,
      { subject: options.detector.dir },
    );
  }
  const calibration = drawBoundaries(cases);
  await writeCalibration(options.detector.dir, calibration);
  return { calibration, failures };
}

/**
 * Training scans score too low, so a boundary drawn from them rejects fresh scans of the same kind.
 */
async function refuseTrainingScans({
  detector,
  inputs,
  signal,
}: Pick<ScoreJobOptions, 'detector' | 'inputs' | 'signal'>): Promise<void> {
  const trained = new Set(detector.description.trainingScans);
  for (const input of inputs) {
    // A scan that cannot be read fails by itself, later.
    const hash = await hashInput(input, signal).catch((error: unknown) => {
      if (isAbort(error)) throw error;
      return null;
    });
    if (hash === null || !trained.has(hash)) continue;
    throw new SegcanaryError(
      'usage',
      'the detector was fitted to this scan; calibrate with scans that it has not seen.',
      { subject: input.file },
    );
  }
}
