import type { LabelSlice, MaskSlice, Prediction, Slice } from '../chunks.js';
import type { PatchScorer } from '../detectors/method.js';
import { SegcanaryError } from '../errors.js';
import type { Segmenter } from '../network/segmenter.js';
import { preparationStages } from '../pipeline.js';
import type { Plan, SegmentationPlan } from '../plan.js';
import { aggregate } from '../stages/aggregate.js';
import { assemble } from '../stages/assemble.js';
import { distance } from '../stages/distance.js';
import { fork } from '../stages/fork.js';
import { label } from '../stages/label.js';
import { observe } from '../stages/observe.js';
import { patch } from '../stages/patch.js';
import { pool } from '../stages/pool.js';
import { predict, tapped } from '../stages/predict.js';
import { restore } from '../stages/restore.js';
import { uncrop } from '../stages/uncrop.js';
import { type ChannelBytes, runScan, runStages, type ScanBytes, type ScanOptions } from './run.js';
import { Truth } from './truth.js';

/** One slice of a scan on the scanner's own grid. */
export interface Plane {
  readonly height: number;
  readonly width: number;
  /** [y, x] in C order. */
  readonly values: ArrayLike<number>;
}

/** The slice of a scan on which there is most to see. */
export interface Look {
  readonly case: string;
  readonly z: number;
  /** Row-major 4x4 from voxel to RAS+ mm. */
  readonly affine: readonly number[];
  /** Of the first channel. */
  readonly scan: Plane;
  readonly predicted: Plane;
  readonly truth: Plane | null;
  /** The uncertainty mask. */
  readonly mask: Plane;
}

export interface LookOptions extends ScanOptions {
  readonly plan: Plan;
  readonly segmentation: SegmentationPlan;
  /** With the tap that the scorer reads. */
  readonly segmenter: Pick<Segmenter, 'predict'>;
  readonly stepSize?: number;
  readonly scorer: PatchScorer;
  readonly truth?: ChannelBytes | undefined;
}

/**
 * Segments and scores a scan once and keeps one slice: where the segmentation and the truth differ
 * most; without a truth, where most is segmented; where nothing is, where the mask is highest. A
 * second reading, of the file alone, fetches the slice of the scan.
 *
 * @param open the bytes of the scan, every time they are asked for
 * @throws SegcanaryError whatever is wrong with the scan or its truth
 */
export async function lookAtScan(
  open: () => Promise<ScanBytes | readonly ChannelBytes[]>,
  options: LookOptions,
): Promise<Look> {
  const { plan, segmentation, tmpdir } = options;
  const truth = options.truth && new Truth(options.truth);
  const masks: MaskSlice[] = [];
  let most = -1;
  let best: { z: number; labels: LabelSlice; truth: Float32Array | null } | null = null;
  const scoring = (predictions: AsyncIterable<Prediction>) =>
    runStages(predictions, [
      tapped(),
      pool(),
      distance({ scorer: options.scorer }),
      aggregate(),
      observe<MaskSlice>((slice) => {
        masks.push(slice);
      }),
    ]);
  try {
    await runScan(await open(), options, [
      ...preparationStages(options),
      patch({ patchSize: plan.patchSize, stepSize: options.stepSize }),
      predict({ segmenter: options.segmenter }),
      fork<Prediction>(scoring),
      assemble(),
      restore({ plan, segmentation }),
      label({ segmentation }),
      uncrop({ tmpdir }),
      observe<LabelSlice>(async (slice) => {
        const expected = truth ? await truth.next(slice) : null;
        const { data } = slice.data;
        let count = 0;
        for (let i = 0; i < data.length; i++) count += Number(data[i] !== (expected?.[i] ?? 0));
        if (count > most) {
          most = count;
          best = { z: slice.z, labels: slice, truth: expected?.slice() ?? null };
        }
      }),
    ]);
  } finally {
    await truth?.close();
  }
  let found = best as { z: number; labels: LabelSlice; truth: Float32Array | null } | null;
  if (!found)
    throw new SegcanaryError('truncated', 'the scan ended before it could be looked at.', { subject: options.file });
  const meanOf = ({ sum, count }: MaskSlice) => (count > 0 ? sum / count : 0);
  if (most === 0) {
    const highest = masks.reduce((a, b) => (meanOf(b) > meanOf(a) ? b : a));
    found = { z: highest.z, labels: found.labels, truth: found.truth };
  }
  const { scan } = found.labels.grid;
  const [, height, width] = scan.shape;
  const plane = (values: ArrayLike<number>): Plane => ({ height, width, values });
  return {
    case: scan.case,
    z: found.z,
    affine: scan.affine,
    scan: plane(await sliceAt(await open(), options, found.z)),
    predicted: plane(found.labels.data.data),
    truth: found.truth && plane(found.truth),
    mask: plane(masks.find(({ z }) => z === found.z)?.render() ?? new Float32Array(height * width)),
  };
}

/** The first channel of one slice, as it is in the file. */
async function sliceAt(
  source: ScanBytes | readonly ChannelBytes[],
  options: ScanOptions,
  wanted: number,
): Promise<Float32Array> {
  let found: Float32Array = new Float32Array(0);
  await runScan(source, options, [
    observe<Slice>(({ z, grid, data }) => {
      const [, height, width] = grid.scan.shape;
      if (z === wanted) found = data.data.slice(0, height * width);
    }),
  ]);
  return found;
}
