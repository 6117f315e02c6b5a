import { type RobustScale, robustScale, standardised } from '../../maths/robust-scale.js';
import type { ExplainedFeature } from '../../results.js';
import { crossFit, logDistance } from '../cross-fit.js';
import type { Gaussian } from '../gaussian.js';
import type { FeatureBlock, FittedMethod, GroupDistances, PatchMethod } from '../method.js';
import type { Tensor } from '../safetensors.js';
import { gaussianOf } from './gaussian-form.js';
import { fitIntensities, openIntensities } from './intensity-part.js';
import { cut, partsOf } from './parts.js';
import { scaleOf, tensorOfScale } from './scales.js';

/** The channels of a stage that `--explain` names: as many as are read at a glance. */
const MOVED = 3;

/**
 * Tensors: mean.i [2 c_i], deviation.i [2 c_i] and whitener.i [r_i, 2 c_i] of every stage i,
 * scale.i [2] of its ln(D^2 / d); patch.least [1]; subject.scale [2]; those of the intensities.
 */
export const multiDepth: PatchMethod = {
  name: 'multi-depth',
  title: 'Mahalanobis of every depth, and intensities',
  formula:
    'the larger of (1) the mean over patches of the largest, over shallow, middle and deep stages, of z of ln(D^2 / d), D the Mahalanobis distance of mean and log deviation of a stage’s channels before their norm, and (2) z of the scan’s intensities; 0 is the median of training scans left out in turn, 1 their deviation',
  source:
    'Anthony and Kamnitsas 2023: detectors by depth. Before the norm: docs/choosing.md. Hellinger distance of intensities: after Vasiliuk et al. 2023.',
  features: 'stage-statistics',
  tiles: 'cover',
  async fit(blocks, context): Promise<FittedMethod> {
    const parts = await partsOf(blocks());
    const tensors: Record<string, Tensor> = {};
    const z: Float64Array[] = [];
    let n = 0;
    for (const [i, part] of parts.entries()) {
      const { fit, logDistances } = await crossFit(() => cut(blocks(), part), context);
      const scale = robustScale(logDistances);
      n = fit.n;
      tensors[`mean.${i}`] = { shape: [fit.d], data: fit.mean };
      tensors[`deviation.${i}`] = { shape: [fit.d], data: await deviationsOf(cut(blocks(), part), fit.mean) };
      tensors[`whitener.${i}`] = { shape: [fit.r, fit.d], data: fit.whitener };
      tensors[`scale.${i}`] = tensorOfScale(scale);
      z.push(logDistances.map((value) => standardised(value, scale)));
    }
    const depths = depthsOf(parts.length);
    const patches = Float64Array.from({ length: n }, (_, p) => largest(depths, (i) => z[i][p]));
    tensors['patch.least'] = { shape: [1], data: Float64Array.of(patches.reduce((a, b) => Math.min(a, b), Infinity)) };
    tensors['subject.scale'] = tensorOfScale(robustScale(await subjectsOf(blocks(), patches)));
    Object.assign(tensors, await fitIntensities(blocks, context));
    return { tensors, n, d: parts.reduce((sum, [from, to]) => sum + to - from, 0), gaussian: null, warnings: [] };
  },
  open(tensors) {
    const stages = stagesOf(tensors);
    const [patchLeast] = tensors['patch.least']?.data ?? [];
    if (!Number.isFinite(patchLeast)) throw new Error('it lacks the tensor patch.least');
    const subject = scaleOf(tensors['subject.scale'], 'subject.scale');
    const depths = depthsOf(stages.length);
    const distances = (features: Float32Array) => {
      let at = 0;
      return Float64Array.from(stages, ({ gaussian, scale }) => {
        at += gaussian.d;
        return standardised(logDistance(gaussian, features.subarray(at - gaussian.d, at)), scale);
      });
    };
    return {
      features: 'stage-statistics',
      d: stages.reduce((sum, { gaussian }) => sum + gaussian.d, 0),
      least: standardised(patchLeast, subject),
      distance(features) {
        const z = distances(features);
        return standardised(
          Math.max(
            patchLeast,
            largest(depths, (i) => z[i]),
          ),
          subject,
        );
      },
      encoderStages: groupsOf(stages, distances),
      intensities: openIntensities(tensors),
    };
  },
};

/**
 * The stages of each depth, shallow, middle and deep: thirds, from the input on, the first ones the
 * larger. Fewer than three stages are fewer depths.
 *
 * @param stages how many there are
 */
export function depthsOf(stages: number): number[][] {
  const end = (third: number) => Math.ceil((third * stages) / 3);
  return [0, 1, 2]
    .map((third) => Array.from({ length: end(third + 1) - end(third) }, (_, i) => end(third) + i))
    .filter((depth) => depth.length > 0);
}

/** The largest, over the depths, of the mean over the stages there. NaN where one is. */
const largest = (depths: readonly (readonly number[])[], z: (stage: number) => number): number =>
  Math.max(...depths.map((depth) => depth.reduce((sum, i) => sum + z(i), 0) / depth.length));

/** The weighted mean over the patches of each scan. */
async function subjectsOf(blocks: AsyncIterable<FeatureBlock>, patches: Float64Array): Promise<number[]> {
  const subjects: number[] = [];
  let at = 0;
  for await (const { n, scan } of blocks) {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += patches[at + i] * (scan?.weights[i] ?? 1 / n);
    if (n > 0) subjects.push(sum);
    at += n;
  }
  return subjects;
}

/** Standard deviation (divisor n) of every feature. */
async function deviationsOf(blocks: AsyncIterable<FeatureBlock>, mean: Float64Array): Promise<Float64Array> {
  const sums = new Float64Array(mean.length);
  let count = 0;
  for await (const { rows, n, d } of blocks) {
    count += n;
    for (let at = 0; at < n * d; at++) sums[at % d] += (rows[at] - mean[at % d]) ** 2;
  }
  return sums.map((sum) => Math.sqrt(sum / count));
}

interface Stage {
  readonly gaussian: Gaussian;
  /** The scale of ln(D^2 / d). */
  readonly scale: RobustScale;
  /** [2 c]. */
  readonly deviation: Float64Array;
}

/** @throws Error with half a sentence where the tensors do not fit together */
function stagesOf(tensors: Readonly<Record<string, Tensor>>): Stage[] {
  const stages: Stage[] = [];
  for (let i = 0; `mean.${i}` in tensors; i++) {
    const { [`mean.${i}`]: mean, [`whitener.${i}`]: whitener, [`deviation.${i}`]: deviation } = tensors;
    const gaussian = gaussianOf({ ...(mean && { mean }), ...(whitener && { whitener }) });
    if (deviation?.data.length !== gaussian.d) throw new Error(`its tensor deviation.${i} is not of ${gaussian.d}`);
    stages.push({ gaussian, scale: scaleOf(tensors[`scale.${i}`], `scale.${i}`), deviation: deviation.data });
  }
  if (stages.length === 0) throw new Error('it lacks the tensor mean.0');
  return stages;
}

/** The distances of groups are z already, so that their usual mean is 0 and their deviation 1. */
const groupsOf = (stages: readonly Stage[], distances: GroupDistances['distances']): GroupDistances => ({
  widths: stages.map(({ gaussian }) => gaussian.d),
  training: stages.map(() => ({ mean: 0, deviation: 1 })),
  distances,
  // D^2 of a scan over the median one of the training patches, both as geometric means.
  ratio: (i, z) => Math.exp(z * stages[i].scale.deviation),
  moved: (i, features) => movedOf(stages[i], features),
});

function movedOf({ gaussian: { mean, d }, deviation }: Stage, features: ArrayLike<number>): ExplainedFeature[] {
  const channels = d / 2;
  return Array.from(mean, (usual, f): ExplainedFeature => {
    const z = deviation[f] > 0 ? (features[f] - usual) / deviation[f] : 0;
    return { channel: f % channels, statistic: f < channels ? 'mean' : 'spread', z };
  })
    .sort((a, b) => Math.abs(b.z) - Math.abs(a.z))
    .slice(0, MOVED);
}
