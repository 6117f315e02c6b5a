import { join } from 'node:path';
import {
  type Calibration,
  DEFAULT_LEVEL,
  calibrate as drawBoundaries,
  refuseNoLevel,
} from '../detectors/calibration.js';
import { DESCRIPTION } from '../detectors/folder.js';
import { warningsOfCalibration } from '../detectors/promise.js';
import { writeCalibration } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { isFailure, type ScanFailure, type SubjectScore, type Warning } from '../results.js';
import { heldOutImages } from './held-out.js';
import type { ScanInput } from './inputs.js';
import { type Output, refuseOverwriting } from './outputs.js';
import { patientsOf, warningOfPatients } from './patients.js';
import { type ScoreJobOptions, scoreScans } from './score.js';

export interface CalibrateJobOptions extends Omit<ScoreJobOptions, 'mask' | 'early'> {
  /** Told of every scan that could be scored. */
  readonly onScan?: (score: SubjectScore) => void;
  readonly onFailure?: (failure: ScanFailure) => void;
  /** Share of in-distribution scans that the boundary is to keep. @default 0.95 */
  readonly level?: number | undefined;
  /** Patient of each case, as `readPatients` gives it. @default what the names say */
  readonly patients?: ReadonlyMap<string, string> | undefined;
}

export interface CalibrationResult {
  readonly calibration: Calibration;
  /** The detector's id, now that it is calibrated. */
  readonly id: string;
  /** What the calibration cannot promise, or hangs on. */
  readonly warnings: readonly Warning[];
  readonly failures: readonly ScanFailure[];
}

/**
 * Scores held-out in-distribution scans and draws the detector's boundaries from them;
 * detector.json is rewritten whole.
 *
 * @throws SegcanaryError `fit-failed` when no scan could be scored, `usage` when a scan was among
 *   those that the detector was fitted to or is there twice, however it is stored,
 *   `detector-changed` when another detector, or the same one calibrated otherwise, has taken its
 *   place meanwhile: nothing is written then
 */
export async function calibrateDetector(options: CalibrateJobOptions): Promise<CalibrationResult> {
  const { level = DEFAULT_LEVEL, patients, inputs, detector } = options;
  refuseNoLevel(level);
  await refuseOverwriting({ inputs }, describing(detector));
  const patientOf = patientsOf(casesOf(inputs), patients);
  const failures: ScanFailure[] = [];
  const failed = (failure: ScanFailure) => {
    failures.push(failure);
    options.onFailure?.(failure);
  };
  const images = await heldOutImages(options, failed);
  const cases: { case: string; score: number }[] = [];
  for await (const result of scoreScans({ ...options, inputs: images, early: false })) {
    if (isFailure(result)) failed(result);
    else {
      cases.push({ case: result.case, score: result.score });
      options.onScan?.(result);
    }
  }
  if (cases.length === 0) {
    throw new SegcanaryError(
      'fit-failed',
      `none of the ${inputs.length} scans could be scored, so the detector stays uncalibrated.`,
      { subject: detector.dir },
    );
  }
  const calibration = drawBoundaries(cases, level);
  const id = await writeCalibration(detector, calibration);
  const ofPatients = warningOfPatients(casesOf(inputs), patientOf);
  return {
    calibration,
    id,
    warnings: [...warningsOfCalibration(calibration), ...(ofPatients ? [ofPatients] : [])],
    failures,
  };
}

/** The file that says what a detector is, which is rewritten. */
const describing = ({ dir }: { readonly dir: string }): Output => ({
  path: join(dir, DESCRIPTION),
  what: 'the calibrated detector',
  case: null,
});

const casesOf = (inputs: readonly ScanInput[]): string[] => inputs.map(({ case: name }) => name);
