import { createHash } from 'node:crypto';
import type { Writable } from 'node:stream';
import { isDeepStrictEqual } from 'node:util';
import type { Detector } from '../detectors/saved.js';
import { isAbort, SegcanaryError } from '../errors.js';
import type { SegmentationSource } from '../model/folder.js';
import { mirrorAxesOf } from '../model/metadata.js';
import type { SegmentationPlan } from '../model/segmentation-plan.js';
import { openSegmenter, type Segmenter } from '../model/segmenter.js';
import { type SegmentResult, segmentScan } from '../pipeline.js';
import type { ScanOptions } from '../run-scan.js';
import { failureOf, type ScanFailure } from './failure.js';
import { openInput, type ScanInput } from './inputs.js';

export interface SegmenterJobOptions {
  readonly model: SegmentationSource;
  /** Scores every scan from the same pass. One of the folds has to be the network that it was fitted to. */
  readonly detector?: Detector | undefined;
  /** @default the detector's, else 0.5 */
  readonly stepSize?: number | undefined;
  /** Average over every mirroring that the network was trained with. @default false */
  readonly tta?: boolean;
  readonly threads?: number;
}

/**
 * Opens a model for segmenting, with the detector's tap as a second output where there is a detector.
 *
 * @throws SegcanaryError `usage` where the detector was fitted to another network, plan or step size; what `openSegmenter` throws
 */
export async function segmenterOf(options: SegmenterJobOptions): Promise<Segmenter> {
  const { model, detector, threads } = options;
  const tapped = detector && detectorFold(detector, model);
  stepSizeOf(options);
  return openSegmenter(
    model.folds.map(({ path, onnx }, i) => ({
      name: path,
      onnx,
      ...(i === tapped && {
        tap: detector?.description.tap.name,
        stages: detector?.description.stages?.map(({ name: stage }) => stage),
      }),
    })),
    model.segmentation.heads,
    {
      threads,
      nonlinearity: nonlinearityOf(model.segmentation),
      mirrorAxes: options.tta ? mirrorAxesOf(model.folds[0]!.onnx, model.folds[0]!.path) : [],
    },
  );
}

const nonlinearityOf = ({ averages, regionsClassOrder }: SegmentationPlan): 'softmax' | 'sigmoid' | undefined =>
  averages === 'logits' ? undefined : regionsClassOrder ? 'sigmoid' : 'softmax';

/** Which fold's network the detector was fitted to. */
function detectorFold(detector: Detector, model: SegmentationSource): number {
  const { sourceModel, plan } = detector.description;
  const fold = model.folds.findIndex(({ onnx }) => sha256(onnx) === sourceModel.sha256);
  if (fold < 0) {
    throw new SegcanaryError(
      'usage',
      `${detector.dir}: was fitted to another network (${sourceModel.name}) than any of ${model.folds.map(({ path }) => path).join(', ')}; fit a detector to one of these.`,
    );
  }
  if (!isDeepStrictEqual(plan, model.plan)) {
    throw new SegcanaryError(
      'usage',
      `${detector.dir}: was fitted under another plan than the model's (configuration ${plan.configuration}); fit it again.`,
    );
  }
  return fold;
}

/** The distance between patches; a detector judges only what it was fitted to. */
function stepSizeOf({ detector, stepSize }: Pick<SegmenterJobOptions, 'detector' | 'stepSize'>): number {
  const fitted = detector?.description.stepSize;
  if (fitted !== undefined && stepSize !== undefined && stepSize !== fitted) {
    throw new SegcanaryError(
      'usage',
      `${detector?.dir}: was fitted with patches ${fitted} of a patch apart, not ${stepSize}; leave --step-size out.`,
    );
  }
  return fitted ?? stepSize ?? 0.5;
}

export interface SegmentJobOptions extends Omit<ScanOptions, 'case' | 'file'> {
  readonly model: SegmentationSource;
  /** From `segmenterOf`, with the same model and detector. */
  readonly segmenter: Segmenter;
  readonly detector?: Detector | undefined;
  /** @default the detector's, else 0.5 */
  readonly stepSize?: number | undefined;
  readonly inputs: readonly ScanInput[];
  /** Where the segmentation of a case goes. */
  readonly to: (name: string) => string | Writable;
  /** Where the probabilities of a case go, if anywhere. */
  readonly probabilities?: (name: string) => string | Writable | undefined;
  /** Where the uncertainty mask of a case goes, if anywhere. */
  readonly mask?: (name: string) => string | Writable | undefined;
}

/**
 * Segments scans one after another over one shared network. A scan that fails yields a failure and the others go on.
 *
 * @throws SegcanaryError `usage` for another step than the detector's, `aborted` when the signal says so; whatever else goes wrong is a failure of its scan alone
 */
export async function* segmentScans(options: SegmentJobOptions): AsyncGenerator<SegmentResult | ScanFailure> {
  const { model } = options;
  const stepSize = stepSizeOf(options);
  for (const input of options.inputs) {
    try {
      yield await segmentScan(await openInput(input, model.plan), {
        ...options,
        plan: model.plan,
        segmentation: model.segmentation,
        stepSize,
        case: input.case,
        file: input.file === '-' ? 'stdin' : input.file,
        to: options.to(input.case),
        probabilities: options.probabilities?.(input.case),
        mask: options.mask?.(input.case),
      });
    } catch (error) {
      if (isAbort(error)) throw error as SegcanaryError;
      yield failureOf(input.case, error);
    }
  }
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
