import { join } from 'node:path';
import {
  type Calibration,
  DEFAULT_LEVEL,
  calibrate as drawBoundaries,
  refuseNoLevel,
} from '../detectors/calibration.js';
import { warningsOfCalibration } from '../detectors/promise.js';
import { writeCalibration } from '../detectors/saved.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { failureOf, isFailure, type ScanFailure, type SubjectScore, type Warning } from '../results.js';
import { identifyInput, isNoImage, SeenScans } from './identities.js';
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
  /** What the calibration cannot promise, or hangs on. */
  readonly warnings: readonly Warning[];
  readonly failures: readonly ScanFailure[];
}

/**
 * Scores held-out in-distribution scans and draws the detector's boundaries from them;
 * detector.json is rewritten whole.
 *
 * @throws SegcanaryError `fit-failed` when no scan could be scored, `usage` when a scan was among
 *   those that the detector was fitted to or is there twice, however it is stored
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
  const images = await imagesOf(options, failed);
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
  await writeCalibration(detector.dir, calibration);
  const ofPatients = warningOfPatients(casesOf(inputs), patientOf);
  return {
    calibration,
    warnings: [...warningsOfCalibration(calibration), ...(ofPatients ? [ofPatients] : [])],
    failures,
  };
}

/** The file that says what a detector is, which is rewritten. */
const describing = ({ dir }: { readonly dir: string }): Output => ({
  path: join(dir, 'detector.json'),
  what: 'the calibrated detector',
  case: null,
});

const casesOf = (inputs: readonly ScanInput[]): string[] => inputs.map(({ case: name }) => name);

/**
 * The inputs that are no segmentations. Training scans score too low, so that a boundary drawn from
 * them rejects fresh scans of the same kind; a scan that is there twice counts for more than one.
 */
async function imagesOf(
  { detector, inputs, volume, limits, signal }: CalibrateJobOptions,
  failed: (failure: ScanFailure) => void,
): Promise<ScanInput[]> {
  const { trainingScans = [], trainingVoxels = [] } = detector.description;
  const trained = new Set([...trainingScans, ...trainingVoxels]);
  const seen = new SeenScans();
  const images: ScanInput[] = [];
  for (const input of inputs) {
    // A scan that cannot be read fails by itself, later.
    const known = await identifyInput(input, { volume, limits, signal }).catch((error: unknown) => {
      if (isAbort(error)) throw error;
      return null;
    });
    if (known && (trained.has(known.bytes) || trained.has(known.voxels)))
      throw new SegcanaryError(
        'usage',
        'the detector was fitted to this scan; calibrate with scans that it has not seen.',
        { subject: input.file },
      );
    if (known?.isSegmentation) {
      failed(failureOf(input.case, isNoImage(input)));
      continue;
    }
    if (known) seen.take(input, known);
    images.push(input);
  }
  return images;
}
