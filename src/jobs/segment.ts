import type { Writable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import { isMeasured, measuredGroup } from '../detectors/method.js';
import type { SegmentingDetector } from '../detectors/opened.js';
import type { TrustOptions } from '../detectors/quality/estimate.js';
import type { Detector, DetectorDescription } from '../detectors/saved.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { sha256 } from '../files/hash.js';
import type { ScanSource } from '../formats/scan-source.js';
import type { SegmentationSource } from '../network/folder.js';
import type { WithInference } from '../network/inference/options.js';
import { mirrorAxesOf } from '../network/onnx/metadata.js';
import { openSegmenter, type Segmenter } from '../network/segmenter.js';
import type { SegmentationPlan } from '../plan.js';
import { failureOf, type ScanFailure, type SegmentResult } from '../results.js';
import type { ScanOptions } from '../scans/run.js';
import { type SegmentScanOptions, segmentingAlgorithm, segmentScan } from '../scans/segment.js';
import { keepingWarnings } from '../scans/warnings.js';
import {
  type ObjectsOfCase,
  type ObjectsOutput,
  objectOutputs,
  withObjects,
  withoutExplanation,
} from './dicom-output.js';
import type { ScanInput } from './inputs.js';
import { openInput } from './open-input.js';
import { Outputs, outputOf } from './outputs.js';

export interface SegmenterJobOptions extends WithInference {
  readonly model: SegmentationSource;
  /** Scores every scan too. Its networks have to be among the folds. */
  readonly detector?: Detector | undefined;
  /** @default the detector's, else 0.5 */
  readonly stepSize?: number | undefined;
  /** Average over every mirroring that the network was trained with. @default false */
  readonly tta?: boolean;
}

/**
 * Opens a model for segmenting, with the detector's tap as a second output where there is a
 * detector.
 *
 * @throws SegcanaryError `usage` where the detector was fitted to another network, plan or step
 *   size; what `openSegmenter` throws
 */
export async function segmenterOf(options: SegmenterJobOptions): Promise<Segmenter> {
  const { model, detector, inference } = options;
  if (detector) refuseOthers(detector, model);
  stepSizeOf(options);
  const fitted = detector?.kind === 'features' ? detector.description : null;
  const features = detector?.kind === 'features' ? detector.method.features : 'pooled';
  const tapped = fitted && foldOf(model, fitted.sourceModel);
  return openSegmenter(
    model.folds.map(({ path, onnx }, i) => ({
      name: path,
      onnx,
      ...(i === tapped && {
        tap: fitted?.tap.name,
        groups: isMeasured(features) ? [measuredGroup(features, fitted?.stages ?? [])] : [],
      }),
    })),
    model.segmentation.heads,
    {
      inference,
      nonlinearity: nonlinearityOf(model.segmentation),
      mirrorAxes: options.tta ? mirrorAxesOf(model.folds[0].onnx, model.folds[0].path) : [],
    },
  );
}

const nonlinearityOf = ({ averages, regionsClassOrder }: SegmentationPlan): 'softmax' | 'sigmoid' | undefined =>
  averages === 'logits' ? undefined : regionsClassOrder ? 'sigmoid' : 'softmax';

/** Which fold's network this is; -1 for none. */
const foldOf = (model: SegmentationSource, { sha256: hash }: { readonly sha256: string }): number =>
  model.folds.findIndex(({ onnx }) => sha256(onnx) === hash);

/** A detector judges scans for the network and the plan that it was made for. */
function refuseOthers({ dir, description }: Detector, model: SegmentationSource): void {
  const { plan } = description;
  const foreign = networksOf(description).find((network) => foldOf(model, network) < 0);
  if (foreign) {
    throw new SegcanaryError(
      'usage',
      `was fitted to another network (${foreign.name}) than any of ${model.folds.map(({ path }) => path).join(', ')}; fit a detector to one of these.`,
      { subject: dir },
    );
  }
  // Detectors of earlier versions do not say whose rules headers are read by.
  const { imageReader, ...others } = model.plan;
  if (!isDeepStrictEqual(plan, 'imageReader' in plan ? { ...others, imageReader } : others)) {
    throw new SegcanaryError(
      'usage',
      `was fitted under another plan than the model's (configuration ${plan.configuration}); fit it again.`,
      { subject: dir },
    );
  }
}

function networksOf(description: DetectorDescription): readonly { readonly name: string; readonly sha256: string }[] {
  if (description.kind === 'features') return [description.sourceModel];
  return description.kind === 'outputs' ? description.sourceModels : [];
}

/** The distance between patches; a detector judges only what it was fitted to. */
export function stepSizeOf({ detector, stepSize }: Pick<SegmenterJobOptions, 'detector' | 'stepSize'>): number {
  const fitted = detector && detector.kind !== 'intensities' ? detector.description.stepSize : undefined;
  if (fitted !== undefined && stepSize !== undefined && stepSize !== fitted) {
    throw new SegcanaryError(
      'usage',
      `was fitted with patches ${fitted} of a patch apart, not ${stepSize}; leave \`stepSize\` out.`,
      { option: 'stepSize', subject: detector?.dir },
    );
  }
  return fitted ?? stepSize ?? 0.5;
}

export interface SegmentJobOptions extends Omit<ScanOptions, 'case' | 'file'>, TrustOptions {
  readonly model: SegmentationSource;
  /** From `segmenterOf`, with the same model and detector. */
  readonly segmenter: Segmenter;
  /** From `openBesideSegmenter`, or `openDetector`. */
  readonly detector?: SegmentingDetector | undefined;
  /** @default the detector's, else 0.5 */
  readonly stepSize?: number | undefined;
  readonly inputs: readonly ScanInput[];
  /** Where the segmentation of a case goes. Needed, unless it is written as a DICOM object. */
  readonly to?: ((name: string) => string | Writable) | undefined;
  /** Where the probabilities of a case go, if anywhere. */
  readonly probabilities?: (name: string) => string | Writable | undefined;
  /** Where the uncertainty mask of a case goes, if anywhere. */
  readonly mask?: (name: string) => string | Writable | undefined;
  /** What is written, planned before. @default planned scan by scan */
  readonly outputs?: Outputs | undefined;
  /** Say what explains each verdict, as in `segmentScan`. @default false */
  readonly explain?: boolean | undefined;
  /** Bound the Dice of flagged scans too, as in `segmentScan`. @default false */
  readonly stress?: boolean | undefined;
  /**
   * Write results as DICOM objects too; every scan then has to be a DICOM series.
   * @default none
   */
  readonly objects?: ObjectsOutput | undefined;
}

/**
 * Segments scans one after another over one shared network. A scan that fails yields a failure and
 * the others go on. An image that would overwrite one of the scans, or another image, is such a
 * failure; where a scan fails, older images at its paths are removed.
 *
 * @throws SegcanaryError `usage` for another step than the detector's, `aborted` when the signal
 *   says so; whatever else goes wrong is a failure of its scan alone
 */
export async function* segmentScans(options: SegmentJobOptions): AsyncGenerator<SegmentResult | ScanFailure> {
  const { model, objects } = options;
  const stepSize = stepSizeOf(options);
  if (!options.to && !objects)
    throw new SegcanaryError('usage', 'it is not said where segmentations go; give `to`, or `objects`.');
  const { outputs = new Outputs(options) } = options;
  for (const input of options.inputs) {
    const told = keepingWarnings(options.onWarning);
    const name = input.case;
    try {
      const [to, probabilities, mask] = [options.to?.(name), options.probabilities?.(name), options.mask?.(name)];
      await outputs.claim(name, [
        ...outputOf('the segmentation', name, to),
        ...outputOf('the probabilities', name, probabilities),
        ...outputOf('the uncertainty mask', name, mask),
        ...(objects ? objectOutputs(objects.folder, name, objectsOf(options)) : []),
      ]);
      const source = await openInput(input, model.plan, options.limits, options.signal);
      const scan = {
        ...options,
        onWarning: told.onWarning,
        plan: model.plan,
        segmentation: model.segmentation,
        stepSize,
        case: name,
        file: input.file === '-' ? 'stdin' : input.file,
        probabilities,
      };
      if (objects) yield await segmentedWithObjects(source, { ...scan, objects, kept: { segmentation: to, mask } });
      else if (to !== undefined) yield await segmentScan(source, { ...scan, to, mask });
    } catch (error) {
      if (isAbort(error)) throw error as SegcanaryError;
      await outputs.drop(name);
      yield failureOf(name, error, told.warnings);
    }
  }
}

/** Which objects there are of a scan. */
const objectsOf = ({ detector }: Pick<SegmentJobOptions, 'detector'>) => ({
  mask: detector?.kind === 'features',
  segmentation: true,
  score: detector !== undefined,
});

async function segmentedWithObjects(
  source: ScanSource,
  options: Omit<SegmentScanOptions, 'to' | 'mask'> & {
    readonly case: string;
    readonly objects: ObjectsOutput;
    readonly kept: ObjectsOfCase['kept'];
  },
): Promise<SegmentResult> {
  const { detector, objects, segmenter, explain } = options;
  const shared = {
    ...options,
    ...objects,
    segmenter: segmentingAlgorithm(segmenter),
    orientations: detector?.description.orientations,
    has: objectsOf(options),
  };
  const result = await withObjects(source, shared, ({ mask, segmentation: to }) => {
    if (to === undefined) throw new Error('a segmentation has a path');
    return segmentScan(source, { ...options, explain: detector !== undefined, mask, to });
  });
  return explain ? result : withoutExplanation(result);
}
