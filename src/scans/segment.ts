import type { Writable } from 'node:stream';
import type { LabelSlice, Prediction, Slice } from '../chunks.js';
import type { OpenDetector, SegmentingDetector } from '../detectors/opened.js';
import { SegcanaryError } from '../errors.js';
import type { Segmenter } from '../network/segmenter.js';
import {
  distanceStages,
  endedEarly,
  expectationsOf,
  explaining,
  type JudgingOptions,
  judgingStages,
  preparationStages,
  reporter,
  warningsInto,
} from '../pipeline.js';
import type { Plan, SegmentationPlan } from '../plan.js';
import type { SegmentResult, SubjectScore } from '../results.js';
import { assemble } from '../stages/assemble.js';
import { fork } from '../stages/fork.js';
import { label } from '../stages/label.js';
import { observe } from '../stages/observe.js';
import { patch } from '../stages/patch.js';
import { pool } from '../stages/pool.js';
import { predict, tapped } from '../stages/predict.js';
import { restore } from '../stages/restore.js';
import { saveLabels } from '../stages/save.js';
import { saveProbabilities } from '../stages/save-probabilities.js';
import type { Stage } from '../stages/stage.js';
import { uncrop } from '../stages/uncrop.js';
import { type ChannelBytes, runScan, runStages, type ScanBytes, type ScanOptions } from './run.js';

export interface SegmentScanOptions extends ScanOptions {
  readonly plan: Plan;
  readonly segmentation: SegmentationPlan;
  /** Opened once and shared by all scans; with the tap of the detector, where there is one. */
  readonly segmenter: Segmenter;
  /** Distance between patches as a fraction of the patch. @default 0.5 */
  readonly stepSize?: number;
  /** Where the segmentation goes: a path, or a stream that gets gzip. */
  readonly to: string | Writable;
  /** Where the probabilities go, if anywhere: a 4-D NIfTI file. */
  readonly probabilities?: string | Writable | undefined;
  /**
   * Scores the scan too (from `openBesideSegmenter`, or `openDetector`): a detector on features
   * from the same pass, any other from the same slices.
   */
  readonly detector?: SegmentingDetector | undefined;
  /** Where the uncertainty mask goes: a path, or a stream that gets gzip. */
  readonly mask?: string | Writable | undefined;
  /**
   * Say what explains the verdict of the detector: the score gets an `explanation`.
   * @default false
   */
  readonly explain?: boolean | undefined;
}

/**
 * Segments one scan as nnU-Net does and, with a detector, scores it from the same forward pass:
 * load → spool → normalise → resample → patch → predict ┬→ assemble → restore (→ save) → label → uncrop → save
 *                                                       └→ tapped → pool → distance → aggregate (→ save) → score
 * A detector that is not on features has a branch of its own behind resample.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `aborted` when the signal says so
 */
export async function segmentScan(
  source: ScanBytes | readonly ChannelBytes[],
  options: SegmentScanOptions,
): Promise<SegmentResult> {
  const { plan, segmentation, segmenter, detector, stepSize, probabilities, tmpdir } = options;
  const report = reporter(options);
  let result: SubjectScore | null = null;
  let patches = 0;
  const voxels: Record<number, number> = {};
  const told = { ...warningsInto(options), ...explainingOf(options) };
  const branch = <T>(stages: (scoring: JudgingOptions) => Stage<never, unknown>[]) => {
    const keep = observe<SubjectScore>((s) => {
      result = s;
    });
    const scoring = {
      ...options,
      ...told,
      early: false,
      detector: detector as OpenDetector,
      onProgress: undefined,
    } as JudgingOptions;
    return fork<T>((chunks) => runStages(chunks, [...stages(scoring), keep]));
  };
  const onFeatures = detector?.kind === 'features' ? detector : null;
  await runScan(source, { ...options, ...told }, [
    ...preparationStages({ ...options, ...told, ...(detector && expectationsOf(detector)) }),
    ...(detector && !onFeatures ? [branch<Slice>(judgingStages)] : []),
    patch({ patchSize: plan.patchSize, stepSize }),
    predict({ segmenter }),
    observe<Prediction>((prediction) => {
      patches++;
      report(prediction);
    }),
    ...(onFeatures ? [branch<Prediction>((s) => [tapped(), pool(), ...distanceStages(s, onFeatures)])] : []),
    assemble(),
    restore({ plan, segmentation }),
    ...(probabilities === undefined ? [] : [saveProbabilities({ to: probabilities, segmentation, tmpdir })]),
    label({ segmentation }),
    uncrop({ tmpdir }),
    saveLabels({ to: options.to }),
    observe<LabelSlice>(({ data }) => countLabels(data, voxels)),
  ]);
  if (patches === 0 || (detector && result === null)) endedEarly(options);
  return { case: options.case ?? 'stdin', patches, voxels, score: result, warnings: told.warnings };
}

/** @throws SegcanaryError `usage` for an explanation without a detector */
function explainingOf({ detector, explain }: SegmentScanOptions): ReturnType<typeof explaining> {
  if (detector) return explaining({ detector, explain });
  if (!explain) return {};
  throw new SegcanaryError(
    'usage',
    'There is no verdict to explain without a detector; name one, or leave `explain` out.',
    { option: 'explain' },
  );
}

function countLabels({ data }: LabelSlice['data'], voxels: Record<number, number>): void {
  const counts = new Uint32Array(65536);
  for (let i = 0; i < data.length; i++) counts[data[i]]++;
  counts.forEach((n, value) => {
    if (n > 0) voxels[value] = (voxels[value] ?? 0) + n;
  });
}
