import type { Writable } from 'node:stream';
import type { ChannelBytes, LabelSlice, ScanBytes } from '../chunks.js';
import type { SegmentingDetector } from '../detectors/opened.js';
import { watchIntensities } from '../detectors/watch-intensities.js';
import { SegcanaryError } from '../errors.js';
import { explaining } from '../explain/explainer.js';
import { patchCount } from '../maths/window/tiling.js';
import type { Segmenter } from '../network/segmenter.js';
import { judged, judgedByFeatures, type LabellingOptions, prepared, segmented } from '../pipeline.js';
import type { SegmentResult } from '../results.js';
import { chain } from '../stages/chain.js';
import { type Collector, last } from '../stages/collectors.js';
import { branch } from '../stages/fork.js';
import { observe } from '../stages/observe.js';
import { patch } from '../stages/patch.js';
import { pool } from '../stages/pool.js';
import { predict, tapped } from '../stages/predict.js';
import { reporter } from '../stages/progress.js';
import { saveLabels } from '../stages/save.js';
import { thin } from '../stages/thin.js';
import { endedEarly, runScan, type ScanOptions } from './run.js';
import { collectedWarnings } from './warnings.js';

export interface SegmentScanOptions extends ScanOptions, LabellingOptions {
  /** Opened once and shared by all scans; with the tap of the detector, where there is one. */
  readonly segmenter: Segmenter;
  /** Distance between patches as a fraction of the patch. @default 0.5 */
  readonly stepSize?: number;
  /** Where the segmentation goes: a path, or a stream that gets gzip. */
  readonly to: string | Writable;
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
 *
 *   scanned → prepared → patch → predict ┬→ assemble → labelled → save
 *                                        └→ tapped → pool → distance → aggregate → score
 *
 * A detector that is not on features has a branch of its own behind `prepared`.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `aborted` when the signal says so
 */
export async function segmentScan(
  source: ScanBytes | readonly ChannelBytes[],
  options: SegmentScanOptions,
): Promise<SegmentResult> {
  const { plan, segmenter, detector, explain, stepSize } = options;
  if (explain && !detector) throw nothingToExplain();
  const orientations = detector?.description.orientations;
  const told = { ...options, ...collectedWarnings(options), ...explaining(detector, explain) };
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
  const { patches, voxels } = await runScan(
    source,
    told,
    prepared({ ...told, orientations })
      .optionally(bySlices)
      .optionally(watch && observe(watch.look))
      .to(patch({ patchSize: plan.patchSize, stepSize }))
      .to(predict({ predictor: segmenter }))
      .observe(reporter(options))
      .optionally(byPatches)
      .to(segmented(options))
      .to(saveLabels(options)),
    countLabels,
  );
  const score = (await (bySlices ?? byPatches)?.result) ?? null;
  if (patches === 0 || (detector && score === null)) throw endedEarly(options, 'it could be scored');
  return { case: options.case ?? 'stdin', patches, voxels, score, warnings: told.warnings };
}

const nothingToExplain = (): SegcanaryError =>
  new SegcanaryError('usage', 'There is no verdict to explain without a detector; name one, or leave `explain` out.', {
    option: 'explain',
  });

/** Patches of the scan, and voxels of every label that has any. */
const countLabels: Collector<
  LabelSlice,
  Pick<SegmentResult, 'patches' | 'voxels'>,
  { patches: number; readonly counts: Float64Array }
> = {
  init: () => ({ patches: 0, counts: new Float64Array(65_536) }),
  add: (state, { tiling, data: { data } }) => {
    state.patches = patchCount(tiling);
    for (let i = 0; i < data.length; i++) state.counts[data[i]]++;
    return state;
  },
  finish: ({ patches, counts }) => {
    const voxels: Record<number, number> = {};
    counts.forEach((n, value) => {
      if (n > 0) voxels[value] = n;
    });
    return { patches, voxels };
  },
};
