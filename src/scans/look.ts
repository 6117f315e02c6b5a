import type { ChannelBytes, LabelSlice, MaskSlice, Slice } from '../chunks.js';
import type { PatchScorer } from '../detectors/method.js';
import type { ScanSource } from '../formats/scan-source.js';
import { limitsOf } from '../limits.js';
import type { Segmenter } from '../network/segmenter.js';
import { prepared, segmented } from '../pipeline.js';
import type { Plan, SegmentationPlan } from '../plan.js';
import { aggregate } from '../stages/aggregate.js';
import { chain } from '../stages/chain.js';
import { all, type Collector } from '../stages/collectors.js';
import { distance } from '../stages/distance.js';
import { branch } from '../stages/fork.js';
import { patch } from '../stages/patch.js';
import { pool } from '../stages/pool.js';
import { predict, tapped } from '../stages/predict.js';
import { endedEarly, runScan, type ScanOptions } from './run.js';
import { Truth } from './truth.js';

/** One slice of a scan on the scanner's own grid. */
export interface Plane {
  readonly height: number;
  readonly width: number;
  /** [y, x] in C order. */
  readonly values: ArrayLike<number>;
}

/** The slice of a scan on which there is most to see. */
export interface ScanView {
  readonly case: string;
  readonly z: number;
  /** Row-major 4x4 from voxel to RAS+ mm. */
  readonly affine: readonly number[];
  /** The first channel, as it is in the file. */
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
export async function lookAtScan(open: () => Promise<ScanSource>, options: LookOptions): Promise<ScanView> {
  const { plan, segmenter, scorer } = options;
  const truth = options.truth && new Truth(options.truth);
  const scoring = branch(chain(tapped()).to(pool()).to(distance({ scorer })).to(aggregate()), all());
  const window = { stepSize: options.stepSize, logits: options.segmentation.heads };
  const segmenting = prepared({ ...options, window })
    .to(patch({ patchSize: plan.patchSize, stepSize: options.stepSize }))
    .to(predict({ predictor: segmenter, seconds: limitsOf(options.limits).seconds }))
    .to(scoring)
    .to(segmented(options));
  const found = await runScan(await open(), options, segmenting, mostDifferent(truth)).finally(() => truth?.close());
  if (!found) throw endedEarly(options, 'it could be looked at');
  const masks = await scoring.result;
  const { scan } = found.labels.grid;
  const z = found.count > 0 ? found.labels.z : highest(masks).z;
  const [, height, width] = scan.shape;
  const plane = (values: ArrayLike<number>): Plane => ({ height, width, values });
  return {
    case: scan.case,
    z,
    affine: scan.affine,
    scan: plane(await runScan(await open(), options, chain<Slice>(), firstChannelAt(z))),
    predicted: plane(found.labels.data.data),
    truth: found.truth && plane(found.truth),
    mask: plane(masks.find((mask) => mask.z === z)?.render() ?? new Float32Array(height * width)),
  };
}

/** A slice of the segmentation, the same of the truth, and the voxels in which they differ. */
interface Difference {
  readonly count: number;
  readonly labels: LabelSlice;
  readonly truth: Float32Array | null;
}

/**
 * The slice that differs most from the truth; without one, from nothing. The first of equal ones.
 */
const mostDifferent = (truth: Truth | undefined): Collector<LabelSlice, Difference | null, Difference | null> => ({
  init: () => null,
  add: async (most, labels) => {
    const expected = truth ? await truth.next(labels) : null;
    const { data } = labels.data;
    let count = 0;
    for (let i = 0; i < data.length; i++) count += Number(data[i] !== (expected?.[i] ?? 0));
    return most && count <= most.count ? most : { count, labels, truth: expected?.slice() ?? null };
  },
  finish: (most) => most,
});

/** The slice with the highest mean of the mask. */
function highest(masks: readonly MaskSlice[]): MaskSlice {
  const meanOf = ({ sum, count }: MaskSlice) => (count > 0 ? sum / count : 0);
  return masks.reduce((a, b) => (meanOf(b) > meanOf(a) ? b : a));
}

/** The first channel of one slice, [y, x], as it is in the file. */
const firstChannelAt = (wanted: number): Collector<Slice, Float32Array, Float32Array> => ({
  init: () => new Float32Array(0),
  add: (found, { z, grid, data }) => {
    const [, height, width] = grid.scan.shape;
    return z === wanted ? data.data.slice(0, height * width) : found;
  },
  finish: (found) => found,
});
