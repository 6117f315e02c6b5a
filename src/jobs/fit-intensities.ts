import type { FittedMethod } from '../detectors/method.js';
import { ihf } from '../detectors/methods/ihf.js';
import { checkDetectorTarget, saveDetector } from '../detectors/saved.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { trainingIntensities } from '../explain/training-intensities.js';
import type { ModelSource } from '../network/folder.js';
import { openBlas } from '../network/inference/blas.js';
import type { WithInference } from '../network/inference/options.js';
import { failureOf, type ScanFailure } from '../results.js';
import { histogramOf } from '../scans/examine.js';
import type { ScanOptions } from '../scans/run.js';
import { version } from '../version.js';
import { hashInput, openInput, orientationOf, type ScanInput } from './inputs.js';
import { countingOf, edgesOf, type IntensityShares } from './training-scan.js';

export interface IntensityDetectorOptions extends Omit<ScanOptions, 'case' | 'file'>, WithInference {
  /** Of which the plan alone is used. */
  readonly model: Pick<ModelSource, 'plan'>;
  readonly inputs: readonly ScanInput[];
  /** Folder of the detector. A detector that is there is replaced; anything else is refused. */
  readonly output: string;
  readonly onScan?: (scan: { readonly case: string }) => void;
  readonly onFailure?: (failure: ScanFailure) => void;
}

export interface IntensityDetectorResult {
  readonly method: typeof ihf;
  readonly fit: FittedMethod;
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
  const { model, inputs, output, signal } = options;
  await checkDetectorTarget(output);
  const histograms: number[][] = [];
  const intensities: IntensityShares[] = [];
  const trainingScans: string[] = [];
  const orientations = new Set<string>();
  const failures: ScanFailure[] = [];
  for (const input of inputs) {
    try {
      const hash = await hashInput(input, signal);
      if (hash === null)
        throw new SegcanaryError('usage', 'is a pipe, and a training scan is read twice; give a file.', {
          subject: input.file,
        });
      const source = await openInput(input, model.plan, options.limits);
      const { onRaw, shares } = countingOf(model.plan);
      const { case: name, file } = input;
      histograms.push(await histogramOf(source, { ...options, plan: model.plan, case: name, file, onRaw }));
      intensities.push(shares());
      trainingScans.push(hash);
      const orientation = await orientationOf(input);
      if (orientation) orientations.add(orientation);
      options.onScan?.({ case: input.case });
    } catch (error) {
      if (isAbort(error)) throw error;
      const failure = failureOf(input.case, error);
      failures.push(failure);
      options.onFailure?.(failure);
    }
  }
  if (histograms.length === 0)
    throw new SegcanaryError('fit-failed', `None of the ${inputs.length} scans could be read, so nothing was fitted.`);
  const fit = await ihf.fit(histograms, { estimator: 'ledoit-wolf', blas: await openBlas(options.inference) });
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
      orientations: [...orientations].sort(),
      warnings: [...fit.warnings],
      calibration: null,
      trainingIntensities: trainingIntensities(edgesOf(model.plan), intensities),
    },
  });
  return { method: ihf, fit, cases: histograms.length, failures };
}
