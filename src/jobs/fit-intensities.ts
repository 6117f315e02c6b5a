import type { FittedMethod } from '../detectors/method.js';
import { ihf } from '../detectors/methods/ihf.js';
import { checkDetectorTarget, saveDetector } from '../detectors/saved.js';
import { trainingIntensities } from '../explain/training-intensities.js';
import type { ModelSource } from '../network/folder.js';
import { openBlas } from '../network/inference/blas.js';
import type { WithInference } from '../network/inference/options.js';
import type { ScanFailure, Warning } from '../results.js';
import { histogramOf } from '../scans/examine.js';
import type { ScanOptions } from '../scans/run.js';
import { version } from '../version.js';
import type { ScanInput } from './inputs.js';
import { openInput } from './open-input.js';
import { refuseReplacing } from './outputs.js';
import { countingOf, edgesOf } from './training-scan.js';
import { readTrainingScans } from './training-scans.js';

export interface IntensityDetectorOptions extends Omit<ScanOptions, 'case' | 'file'>, WithInference {
  /** The model, whose plan alone is used. */
  readonly model: Pick<ModelSource, 'plan' | 'files'>;
  readonly inputs: readonly ScanInput[];
  /** Folder of the detector. A detector that is there is replaced; anything else is refused. */
  readonly output: string;
  /** Patient of each case, as `readPatients` gives it. @default what the names say */
  readonly patients?: ReadonlyMap<string, string> | undefined;
  /** Folder that keeps what a scan is, by its bytes. @default none */
  readonly cache?: string | undefined;
  readonly onScan?: (scan: { readonly case: string }) => void;
  readonly onFailure?: (failure: ScanFailure) => void;
}

export interface IntensityDetectorResult {
  readonly method: typeof ihf;
  readonly fit: FittedMethod;
  /** What the detector cannot promise. */
  readonly warnings: readonly Warning[];
  readonly cases: number;
  readonly failures: readonly ScanFailure[];
}

/**
 * Fits `ihf` to the histograms of in-distribution scans, prepared as for the network, and writes
 * the detector's folder.
 *
 * @throws SegcanaryError `fit-failed` with fewer than four scans, `usage` for stdin, `io`,
 *   `aborted`
 */
export async function fitIntensityDetector(options: IntensityDetectorOptions): Promise<IntensityDetectorResult> {
  const { model, output } = options;
  await checkDetectorTarget(output);
  await refuseReplacing(output, { inputs: options.inputs, files: model.files ?? [] }, options.cache);
  const scans = await readTrainingScans({ ...options, plan: model.plan }, async (input) => {
    const source = await openInput(input, model.plan, options.limits, options.signal);
    const { onRaw, shares } = countingOf(model.plan);
    const { case: name, file } = input;
    const histogram = await histogramOf(source, { ...options, plan: model.plan, case: name, file, onRaw });
    options.onScan?.({ case: name });
    return { histogram, intensities: shares() };
  });
  const { hashes: trainingScans, voxels: trainingVoxels, oriented: trainingOriented, orientations, failures } = scans;
  const histograms = scans.read.map(({ histogram }) => histogram);
  const fit = await ihf.fit(histograms, { estimator: 'ledoit-wolf', blas: await openBlas(options.inference) });
  const warnings = [...fit.warnings, ...scans.warnings];
  await saveDetector(output, {
    tensors: fit.tensors,
    description: {
      formatVersion: 1,
      kind: 'intensities',
      createdBy: `segcanary ${version}`,
      plan: model.plan,
      method: ihf.name,
      cases: histograms.length,
      d: fit.d,
      trainingScans,
      trainingVoxels,
      trainingOriented,
      orientations,
      warnings,
      calibration: null,
      trainingIntensities: trainingIntensities(
        edgesOf(model.plan),
        scans.read.map(({ intensities }) => intensities),
      ),
    },
  });
  return { method: ihf, fit, warnings, cases: histograms.length, failures };
}
