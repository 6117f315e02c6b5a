import type { Writable } from 'node:stream';
import type { LabelSlice, Slice } from '../chunks.js';
import type { SegmentingDetector } from '../detectors/opened.js';
import { watchIntensities } from '../detectors/watch-intensities.js';
import { explaining } from '../explain/explainer.js';
import { limitsOf } from '../limits.js';
import type { Segmenter } from '../network/segmenter.js';
import { judged, judgedByFeatures, type LabellingOptions, prepared, segmented } from '../pipeline.js';
import type { Plan } from '../plan.js';
import type { SubjectScore, Warning } from '../results.js';
import { type Chain, chain } from '../stages/chain.js';
import { last } from '../stages/collectors.js';
import { branch } from '../stages/fork.js';
import { observe } from '../stages/observe.js';
import { patch } from '../stages/patch.js';
import { pool } from '../stages/pool.js';
import { predict, tapped } from '../stages/predict.js';
import { reporter } from '../stages/progress.js';
import { thin } from '../stages/thin.js';
import type { QualitySignals } from './quality-signals.js';
import type { ScanOptions } from './run.js';

export interface OnePassOptions extends Omit<ScanOptions, 'plan'>, Omit<LabellingOptions, 'onLogits'> {
  /** Opened once and shared by all scans; with the tap of the detector, where there is one. */
  readonly segmenter: Segmenter;
  /** Distance between patches as a fraction of the patch. @default 0.5 */
  readonly stepSize?: number;
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
  /** Fills up while the scan is read. */
  readonly warnings: readonly Warning[];
  /** Shown what comes by. */
  readonly signals?: QualitySignals | null | undefined;
}

/**
 * Whose rules the scan's headers are read by: those that the detector was fitted under, which an
 * earlier version did not write down, else the model's.
 */
export const readAs = ({
  plan,
  detector,
}: Pick<OnePassOptions, 'plan' | 'detector'>): Pick<Plan, 'reader' | 'imageReader'> =>
  detector?.description.plan ?? plan;

/**
 * The slices of a scan to its labels and, with a detector, its score:
 *
 *   prepared → patch → predict ┬→ assemble → labelled
 *                              └→ tapped → pool → distance → aggregate → score
 *
 * `tapped` is thinned where the method asks for it.
 *
 * A detector that is not on features has a branch of its own behind `prepared`.
 *
 * @returns the chain, and what says the score when it has run
 */
export function onePass(options: OnePassOptions): {
  readonly labels: Chain<Slice, LabelSlice>;
  readonly score: () => Promise<SubjectScore | null>;
} {
  const { plan, segmenter, detector, explain, stepSize, signals } = options;
  const orientations = detector?.description.orientations;
  const told = { ...options, ...explaining(detector, explain) };
  // Progress is told once, where the whole network runs.
  const judging = { ...told, early: false, onProgress: undefined };
  const bySlices = detector && detector.kind !== 'features' ? branch(judged(detector, judging), last()) : null;
  const watch = detector?.kind === 'features' ? watchIntensities(detector.scorer) : null;
  const byPatches =
    detector?.kind === 'features'
      ? branch(
          chain(tapped())
            .optionally(detector.description.tiles === 'cover' ? thin() : null)
            .to(pool())
            .to(judgedByFeatures(detector, { ...judging, watch })),
          last(),
        )
      : null;
  const judge = detector?.kind === 'outputs' ? detector.sampler : null;
  const window = { stepSize, logits: segmenter.heads + (judge ? judge.passes * judge.heads : 0) };
  const labels = prepared({ ...told, orientations, window })
    .optionally(bySlices)
    .optionally(watch && observe(watch.look))
    .to(patch({ patchSize: plan.patchSize, stepSize }))
    .to(predict({ predictor: segmenter, seconds: limitsOf(options.limits).seconds }))
    .observe(reporter(options))
    .optionally(byPatches)
    .to(segmented({ ...options, onLogits: signals ? (slice) => signals.logits(slice) : undefined }));
  return { labels, score: async () => (await (bySlices ?? byPatches)?.result) ?? null };
}
