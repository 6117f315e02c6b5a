import type { ChannelStatistics, PlaneRanges } from '../../chunks.js';
import type { ChannelNormalisation, Scheme } from '../../plan.js';
import { clamp } from '../clamp.js';

/**
 * (min(max(x, low), high) - mean) / deviation * slope + intercept, every step in float32 as numpy
 * does it. Every scheme of nnU-Net is of this form, so the values and the range that they span are
 * mapped by one rule.
 */
export interface IntensityMap {
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  readonly deviation: number;
  /** 1 and 0 but where a plan file rescales what its scheme made. */
  readonly slope: number;
  readonly intercept: number;
  /**
   * What becomes of voxels outside the non-zero mask: mapped like the others, kept as they are, or
   * 0.
   */
  readonly outside: 'map' | 'keep' | 'zero';
}

const unscaled = { slope: 1, intercept: 0 } as const;
const unclipped = {
  ...unscaled,
  low: Number.NEGATIVE_INFINITY,
  high: Number.POSITIVE_INFINITY,
  outside: 'map',
} as const;
/** nnU-Net's floor under a standard deviation or a range. */
const epsilon = Math.fround(1e-8);

/**
 * What may be wrong with a channel: a reason without a subject, for the stage to make a sentence
 * of.
 */
export type NormalisationRefusal = 'needs-statistics' | 'not-rgb' | 'nothing-between';

/**
 * The map of one channel.
 *
 * - CTNormalization: clip to the plan's percentiles, subtract its mean, divide by max(std, 1e-8)
 * - ZScoreNormalization: the scan's own mean and population standard deviation, over the non-zero
 *   mask where the plan says so
 * - RescaleTo01Normalization: minimum to 0, maximum to 1
 * - RGBTo01Normalization: divide by 255; values outside 0 … 255 are refused where the range is
 *   known
 *
 * nnU-Net v1 (`resample-first`) divides a CT by std and z-scores by std + 1e-8, and sets what lies
 * outside the mask to 0 in both.
 *
 * A plan file may clip to percentiles of the grid before the last two, and rescale after any.
 *
 * Source: nnunetv2 preprocessing/normalization/default_normalization_schemes.py, nnunet 1.7.1
 * preprocessing/preprocessing.py `resample_and_normalize`.
 *
 * @param statistics of the channel over the grid that is normalised; absent when it was not
 *   measured
 */
export function intensityMap(
  channel: ChannelNormalisation,
  statistics: ChannelStatistics | undefined,
  order: 'normalise-first' | 'resample-first' = 'normalise-first',
): IntensityMap | NormalisationRefusal {
  const map = schemeMap(channel, statistics, order);
  return typeof map === 'string' || !channel.rescale
    ? map
    : { ...map, slope: Math.fround(channel.rescale.slope), intercept: Math.fround(channel.rescale.intercept) };
}

function schemeMap(
  channel: ChannelNormalisation,
  statistics: ChannelStatistics | undefined,
  order: 'normalise-first' | 'resample-first',
): IntensityMap | NormalisationRefusal {
  const { scheme, intensity } = channel;
  const first = order === 'normalise-first';
  if (scheme === 'NoNormalization') return { ...unclipped, mean: 0, deviation: 1 };
  if (scheme === 'RGBTo01Normalization') {
    if (statistics && (statistics.min < 0 || statistics.max > 255)) return 'not-rgb';
    return { ...unclipped, mean: 0, deviation: 255 };
  }
  if (scheme === 'CTNormalization') {
    return {
      ...unscaled,
      low: Math.fround(intensity!.percentile005),
      high: Math.fround(intensity!.percentile995),
      mean: Math.fround(intensity!.mean),
      deviation: Math.fround(first ? Math.max(intensity!.std, 1e-8) : intensity!.std),
      outside: !first && channel.useNonzeroMask ? 'zero' : 'map',
    };
  }
  if (!statistics) return 'needs-statistics';
  if (channel.clipPercentiles) return clippedMap(scheme, statistics.clipped);
  if (scheme === 'RescaleTo01Normalization') {
    const range = Math.fround(statistics.max - statistics.min);
    return { ...unclipped, mean: statistics.min, deviation: Math.max(range, epsilon) };
  }
  const over = channel.useNonzeroMask ? statistics.nonzero : statistics;
  if (!over) return 'needs-statistics';
  const std = Math.fround(over.std);
  return {
    ...unclipped,
    mean: Math.fround(over.mean),
    deviation: first ? Math.max(std, epsilon) : Math.fround(std + 1e-8),
    outside: channel.useNonzeroMask ? (first ? 'keep' : 'zero') : 'map',
  };
}

/** The map of a channel that is clipped to percentiles of its grid first. */
function clippedMap(scheme: Scheme, clipped: ChannelStatistics['clipped']): IntensityMap | NormalisationRefusal {
  if (!clipped) return 'needs-statistics';
  const { low, high, mean, std } = clipped;
  if (low === high) return 'nothing-between';
  const ends = { ...unscaled, low, high, outside: 'map' } as const;
  if (scheme === 'RescaleTo01Normalization') return { ...ends, mean: low, deviation: Math.fround(high - low) };
  return { ...ends, mean: Math.fround(mean), deviation: Math.max(Math.fround(std), epsilon) };
}

/** One value through the map. */
export function mapIntensity(value: number, map: IntensityMap): number {
  const scaled = Math.fround(Math.fround(clamp(value, map.low, map.high) - map.mean) / map.deviation);
  return isRescaled(map) ? Math.fround(Math.fround(scaled * map.slope) + map.intercept) : scaled;
}

const isRescaled = ({ slope, intercept }: IntensityMap): boolean => slope !== 1 || intercept !== 0;

/**
 * Maps one plane.
 *
 * @param source, target same length; may be the same array
 * @param inside 1 inside the mask, same length; asked for where the map treats what is outside
 *   otherwise
 */
export function mapPlane(source: Float32Array, target: Float32Array, map: IntensityMap, inside?: Uint8Array): void {
  const { low, high, mean, deviation, outside } = map;
  const masked = outside !== 'map';
  for (let i = 0; i < source.length; i++) {
    const value = source[i];
    if (masked && inside![i] === 0) {
      target[i] = outside === 'keep' ? value : 0;
      continue;
    }
    target[i] = Math.fround(clamp(value, low, high) - mean) / deviation;
  }
  if (!isRescaled(map)) return;
  for (let i = 0; i < target.length; i++) target[i] = Math.fround(target[i] * map.slope) + map.intercept;
}

/**
 * The statistics after the map. The extremes are exact, being mapped like any voxel; mean and std
 * are exact for a map that does not clip and are left as NaN where it does, since no stage after
 * `normalise` asks for them.
 */
export function mapStatistics(statistics: ChannelStatistics, map: IntensityMap): ChannelStatistics {
  const { nonzero, planes: before, clipped: _, ...whole } = statistics;
  const planes = before && { planes: mapRanges(before, map) };
  const clips = map.low > Number.NEGATIVE_INFINITY;
  const along = (s: typeof whole): typeof whole => ({
    min: mapIntensity(s.min, map),
    max: mapIntensity(s.max, map),
    mean: clips ? Number.NaN : ((s.mean - map.mean) / map.deviation) * map.slope + map.intercept,
    std: clips ? Number.NaN : (s.std / map.deviation) * map.slope,
  });
  // Voxels outside the mask stay 0, and so does the mean of the mask: 0 lies between the mask's
  // extremes, which are therefore the whole's.
  if (map.outside !== 'map' && nonzero) return { ...along(nonzero), nonzero: along(nonzero), ...planes };
  return { ...along(whole), ...(nonzero && { nonzero: along(nonzero) }), ...planes };
}

function mapRanges(planes: PlaneRanges, map: IntensityMap): PlaneRanges {
  const min = planes.min.map((value) => mapIntensity(value, map));
  const max = planes.max.map((value) => mapIntensity(value, map));
  // A voxel outside the mask is 0 in every channel; a masked map leaves it so.
  const zero = map.outside !== 'map' ? 0 : mapIntensity(0, map);
  planes.outside?.forEach((outside, p) => {
    if (outside === 0) return;
    min[p] = Math.min(min[p], zero);
    max[p] = Math.max(max[p], zero);
  });
  return { axis: planes.axis, min, max };
}
