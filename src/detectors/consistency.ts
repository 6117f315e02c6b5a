import { pooledShape } from '../maths/window/pool.js';
import { type Calibration, calibrate, DEFAULT_LEVEL } from './calibration.js';
import type {
  DetectorDescription,
  FeaturesDescription,
  IntensitiesDescription,
  OutputsDescription,
} from './description.js';
import { DESCRIPTION } from './folder.js';
import { isMeasured } from './method.js';
import { knn } from './methods/knn.js';
import { patchMethod } from './methods/registry.js';
import { DROPOUT_PASSES, outputMethod } from './outputs/registry.js';
import { inconsistenciesOfQuality } from './quality/consistency.js';
import type { Tensor } from './safetensors.js';

/**
 * What of detector.json does not follow from something else in it as it has to, in half a sentence
 * each: most damage is seen without the hash that earlier versions do not have.
 */
export function inconsistencies(description: DetectorDescription): string[] {
  const { calibration, quality } = description;
  return [
    ...inPlan(description),
    ...inScans(description),
    ...(calibration ? inCalibration(calibration) : []),
    ...(quality ? inconsistenciesOfQuality(quality) : []),
    ...ofKind(description),
  ];
}

function ofKind(description: DetectorDescription): string[] {
  switch (description.kind) {
    case 'features':
      return inFeatures(description);
    case 'outputs':
      return inOutputs(description);
    case 'intensities':
      return inIntensities(description);
  }
}

function inPlan({ plan, orientations = [] }: DetectorDescription): string[] {
  return [
    ...plan.channels.flatMap(({ name, intensity }) =>
      intensity && intensity.percentile005 > intensity.percentile995
        ? [`percentile005 of the channel ${name} is above its percentile995`]
        : [],
    ),
    ...unless(
      orientations.every((codes, i) => i === 0 || orientations[i - 1] < codes),
      'orientations are not sorted, each once',
    ),
  ];
}

function inScans({ trainingScans = [], trainingVoxels, trainingOriented }: DetectorDescription): string[] {
  const lists = { trainingVoxels, trainingOriented };
  return Object.entries(lists).flatMap(([name, hashes]) =>
    hashes && hashes.length !== trainingScans.length
      ? [`trainingScans are ${trainingScans.length} and ${name} ${hashes.length}`]
      : [],
  );
}

/** Earlier versions may have kept the hash of a scan that failed in the end. */
function inCases({
  cases,
  trainingScans,
  trainingVoxels,
}: Pick<FeaturesDescription, 'cases' | 'trainingScans' | 'trainingVoxels'>): string[] {
  const known = trainingScans?.length ?? cases;
  return unless(trainingVoxels ? known === cases : known >= cases, `cases is ${cases} and trainingScans are ${known}`);
}

/** The boundaries are drawn anew. */
function inCalibration({ cases, min, max, level = DEFAULT_LEVEL, boundary }: Calibration): string[] {
  const drawn = calibrate(cases, level);
  const values: readonly (readonly [string, number, number])[] = [
    ['min', min, drawn.min],
    ['max', max, drawn.max],
    ['boundary.paper', boundary.paper, drawn.boundary.paper],
    ['boundary.conformal', boundary.conformal, drawn.boundary.conformal],
    ['boundary.level', boundary.level, drawn.boundary.level],
  ];
  return [
    ...values.flatMap(([name, is, follows]) =>
      is === follows ? [] : [`calibration.${name} is ${is}, and ${follows} follows from its cases and level`],
    ),
    ...unless(
      cases.every(({ score }, i) => i === 0 || cases[i - 1].score <= score),
      'calibration.cases do not ascend',
    ),
  ];
}

function inFeatures(description: FeaturesDescription): string[] {
  const { method, tap, pooling, stages, tiles, stepSize, n, cases, trainingIntensities } = description;
  const { features, tiles: own } = patchMethod(method)!;
  const pooled = pooledShape(tap.shape);
  const distances = trainingIntensities?.map((channel) => channel.distances) ?? [];
  return [
    ...inCases(description),
    ...unless(n >= cases, `n is ${n}, fewer patches than its ${cases} cases`),
    ...unless(
      `${pooled}` === `${pooling.shape}`,
      `pooling.shape is ${pooling.shape}, and ${pooled} follows from the tap`,
    ),
    ...unless(isMeasured(features) === (stages !== null), `stages are not those of ${method}`),
    // As few patches as leave no voxel out are taken of half overlap alone.
    ...unless(tiles === 'all' || (own === tiles && stepSize === 0.5), `tiles and stepSize are not those of ${method}`),
    ...inGaussian(description),
    ...unless(
      distances.every((found) => (found === null) === (cases === 1) && (!found || found.mean <= 1.000001 * found.max)),
      'trainingIntensities have distances that do not fit the cases',
    ),
  ];
}

function inGaussian({ estimator, shrinkage, rank, conditionNumber, n, d }: FeaturesDescription): string[] {
  if (estimator === null)
    return unless(
      shrinkage === null && rank === null && conditionNumber === null,
      'estimator is null, and not all that goes with it',
    );
  const largest = Math.min(n - 1, d);
  return [
    ...unless(rank !== null && conditionNumber !== null, `rank or conditionNumber is null under ${estimator}`),
    ...unless((shrinkage === null) === (estimator === 'empirical'), `shrinkage is ${shrinkage} under ${estimator}`),
    ...unless((rank ?? 1) <= largest, `rank is ${rank}, and ${n} patches of ${d} features have at most ${largest}`),
    ...unless((conditionNumber ?? 1) >= 0.9, `conditionNumber is ${conditionNumber}, below 1`),
  ];
}

/**
 * What detector.json says that its statistics contradict: a pseudo-inverse has a row a direction,
 * and nearest neighbours are kept themselves.
 */
export function contradictionsOfStatistics(
  { method, estimator, n, rank }: Pick<FeaturesDescription, 'method' | 'estimator' | 'n' | 'rank'>,
  { whitener, rows }: Readonly<Record<string, Tensor>>,
): string[] {
  const [r, d] = estimator && whitener ? whitener.shape : [];
  const isPseudo = r !== undefined && d !== undefined && (r < d || estimator === 'empirical');
  return [
    ...unless(
      !isPseudo || rank === r,
      `${DESCRIPTION} says a rank of ${rank}, and the statistics have ${r} directions`,
    ),
    ...unless(
      method !== knn.name || rows?.shape[0] === n,
      `${DESCRIPTION} says ${n} patches, and the statistics have ${rows?.shape[0]}`,
    ),
  ];
}

function inOutputs({ method, mirrorAxes, dropout, sourceModels }: OutputsDescription): string[] {
  const { passes } = outputMethod(method)!;
  return [
    ...unless(mirrorAxes.length > 0 === (passes === 'mirrors'), `mirrorAxes are not those of ${method}`),
    ...unless(dropout === (passes === 'dropout' ? DROPOUT_PASSES : 0), `dropout is not that of ${method}`),
    ...unless(
      passes === 'folds' ? sourceModels.length > 1 : sourceModels.length === 1,
      `sourceModels are not those of ${method}`,
    ),
  ];
}

function inIntensities(description: IntensitiesDescription): string[] {
  return inCases(description);
}

const unless = (right: boolean, sentence: string): string[] => (right ? [] : [sentence]);
