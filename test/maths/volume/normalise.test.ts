import { describe, expect, it } from 'vitest';
import type { ChannelStatistics } from '../../../src/chunks.js';
import { type IntensityMap, intensityMap, mapPlane, mapStatistics } from '../../../src/maths/volume/normalise.js';
import type { ChannelNormalisation } from '../../../src/plan.js';

const statistics: ChannelStatistics = {
  min: -10,
  max: 30,
  mean: 5,
  std: 4,
  nonzero: { min: -10, max: 30, mean: 8, std: 2 },
};
const intensity = { mean: 10, std: 5, percentile005: -20, percentile995: 40 };

function mapOf(channel: ChannelNormalisation, known: ChannelStatistics | undefined = statistics): IntensityMap {
  const map = intensityMap(channel, known);
  if (typeof map === 'string') throw new Error(map);
  return map;
}

function apply(map: IntensityMap, values: readonly number[], inside?: readonly number[]): number[] {
  const target = new Float32Array(values.length);
  mapPlane(Float32Array.from(values), target, map, inside && Uint8Array.from(inside));
  return [...target];
}

/** Literal cases, worked by hand from nnunetv2's default_normalization_schemes.py. */
describe('schemes', () => {
  it('CTNormalization clips to the percentiles, then standardises by the plan', () => {
    const map = mapOf({ scheme: 'CTNormalization', useNonzeroMask: false, intensity }, undefined);
    expect(apply(map, [-1000, -20, 0, 10, 40, 3000])).toEqual([-6, -6, -2, 0, 6, 6]);
  });

  it('CTNormalization divides by 1e-8 at least', () => {
    const map = mapOf({ scheme: 'CTNormalization', useNonzeroMask: false, intensity: { ...intensity, std: 0 } });
    expect(apply(map, [10])).toEqual([0]);
    expect(apply(map, [11])[0]).toBeCloseTo(1e8, -2);
  });

  it('ZScoreNormalization standardises by the scan', () => {
    const map = mapOf({ scheme: 'ZScoreNormalization', useNonzeroMask: false });
    expect(apply(map, [5, 9, -3])).toEqual([0, 1, -2]);
  });

  it('ZScoreNormalization leaves what is outside the mask, and takes the mean inside it', () => {
    const map = mapOf({ scheme: 'ZScoreNormalization', useNonzeroMask: true });
    expect(apply(map, [8, 12, 0, 0], [1, 1, 1, 0])).toEqual([0, 2, -4, 0]);
  });

  it('of nnU-Net v1 set what is outside the mask to 0, and divide without a floor', () => {
    // nnunet 1.7.1 resample_and_normalize: CT by sd, others by std + 1e-8.
    const v1 = (channel: ChannelNormalisation) => intensityMap(channel, statistics, 'resample-first') as IntensityMap;
    const ct = v1({ scheme: 'CTNormalization', useNonzeroMask: true, intensity });
    expect(apply(ct, [-1000, 10, 40, 40], [1, 1, 1, 0])).toEqual([-6, 0, 6, 0]);
    expect(apply(v1({ scheme: 'CTNormalization', useNonzeroMask: false, intensity }), [40])).toEqual([6]);
    const flat = v1({ scheme: 'CTNormalization', useNonzeroMask: false, intensity: { ...intensity, std: 0 } });
    expect(apply(flat, [11])).toEqual([Number.POSITIVE_INFINITY]);
    const masked = v1({ scheme: 'ZScoreNormalization', useNonzeroMask: true });
    expect(apply(masked, [8, 12, 3, 3], [1, 1, 1, 0])).toEqual([0, 2, -2.5, 0]);
  });

  it('RescaleTo01Normalization takes the minimum to 0 and the maximum to 1', () => {
    expect(apply(mapOf({ scheme: 'RescaleTo01Normalization', useNonzeroMask: true }), [-10, 10, 30])).toEqual([
      0, 0.5, 1,
    ]);
  });

  it('RGBTo01Normalization divides by 255 and refuses what is not RGB', () => {
    const rgb = { scheme: 'RGBTo01Normalization', useNonzeroMask: false } as const;
    expect(apply(mapOf(rgb, { ...statistics, min: 0, max: 255 }), [0, 51, 255])).toEqual([0, Math.fround(0.2), 1]);
    expect(intensityMap(rgb, statistics)).toBe('not-rgb');
    expect(intensityMap(rgb, { ...statistics, min: 0, max: 256 })).toBe('not-rgb');
  });

  it('NoNormalization changes nothing', () => {
    expect(apply(mapOf({ scheme: 'NoNormalization', useNonzeroMask: true }), [-3.5, 0, 1e30])).toEqual([
      -3.5,
      0,
      Math.fround(1e30),
    ]);
  });

  it('need the statistics of the scan where they are its own', () => {
    for (const scheme of ['ZScoreNormalization', 'RescaleTo01Normalization'] as const) {
      expect(intensityMap({ scheme, useNonzeroMask: false }, undefined)).toBe('needs-statistics');
    }
    const { nonzero: _, ...bare } = statistics;
    expect(intensityMap({ scheme: 'ZScoreNormalization', useNonzeroMask: true }, bare)).toBe('needs-statistics');
  });

  it('round after every step, as numpy does in float32', () => {
    const mean = 0.1;
    const std = 0.3;
    const map = mapOf({ scheme: 'CTNormalization', useNonzeroMask: false, intensity: { ...intensity, mean, std } });
    // numpy: x = np.float32([0.7]); x -= 0.1; x /= 0.3. In f64 it would be 1.99999988.
    expect(apply(map, [0.7])).toEqual([1.999999761581421]);
  });
});

describe('mapStatistics', () => {
  it('maps the extremes as it maps voxels', () => {
    const ct = mapOf({ scheme: 'CTNormalization', useNonzeroMask: false, intensity });
    expect(mapStatistics({ ...statistics, min: -1000, max: 3000 }, ct)).toMatchObject({ min: -6, max: 6 });
    const zscore = mapOf({ scheme: 'ZScoreNormalization', useNonzeroMask: false });
    expect(mapStatistics(statistics, zscore)).toMatchObject({ min: -3.75, max: 6.25, mean: 0, std: 1 });
  });

  it('counts the zeros outside the mask where planes are measured', () => {
    const masked = mapOf({ scheme: 'ZScoreNormalization', useNonzeroMask: true });
    const planes = {
      axis: 1,
      min: Float32Array.of(10, Number.POSITIVE_INFINITY, 10),
      max: Float32Array.of(12, Number.NEGATIVE_INFINITY, 12),
      outside: Uint8Array.of(1, 1, 0),
    } as const;
    const mapped = mapStatistics({ ...statistics, planes }, masked).planes!;
    expect([...mapped.min]).toEqual([0, 0, 1]);
    expect([...mapped.max]).toEqual([2, 0, 2]);
  });

  it('maps what is inside the mask as the whole where voxels outside it stay 0, and beside the whole where they do not', () => {
    const inside = { min: -9, max: 11, mean: 0, std: 1 };
    // (x - 8) / 2, what is outside stays.
    expect(mapStatistics(statistics, mapOf({ scheme: 'ZScoreNormalization', useNonzeroMask: true }))).toEqual({
      ...inside,
      nonzero: inside,
    });
    // (x - 5) / 4 everywhere.
    expect(mapStatistics(statistics, mapOf({ scheme: 'ZScoreNormalization', useNonzeroMask: false }))).toEqual({
      min: -3.75,
      max: 6.25,
      mean: 0,
      std: 1,
      nonzero: { min: -3.75, max: 6.25, mean: 0.75, std: 0.5 },
    });
    const { nonzero: _, ...whole } = statistics;
    expect(mapStatistics(whole, mapOf({ scheme: 'ZScoreNormalization', useNonzeroMask: false }))).not.toHaveProperty(
      'nonzero',
    );
  });

  it('does not know mean and deviation behind a clip', () => {
    const ct = mapStatistics(statistics, mapOf({ scheme: 'CTNormalization', useNonzeroMask: false, intensity }));
    expect([ct.mean, ct.std]).toEqual([Number.NaN, Number.NaN]);
  });

  it('counts a 0 outside the mask as what the map makes of it, where the map is for all', () => {
    const planes = {
      axis: 2,
      min: Float32Array.of(9),
      max: Float32Array.of(13),
      outside: Uint8Array.of(1),
    } as const;
    const mapped = mapStatistics(
      { ...statistics, planes },
      mapOf({ scheme: 'ZScoreNormalization', useNonzeroMask: false }),
    );
    // (0 - 5) / 4, (13 - 5) / 4.
    expect([...mapped.planes!.min, ...mapped.planes!.max]).toEqual([-1.25, 2]);
    expect(mapped.planes!.axis).toBe(2);
  });
});

describe('what a plan file adds to a scheme', () => {
  const clipped = { low: 0, high: 8, mean: 4, std: 2 };
  const known = { ...statistics, clipped };

  it('clips to percentiles of the grid before it standardises by what they leave', () => {
    const channel = { scheme: 'ZScoreNormalization', useNonzeroMask: false, clipPercentiles: [5, 95] } as const;
    expect(apply(mapOf(channel, known), [-3, 0, 5, 8, 100])).toEqual([-2, -2, 0.5, 2, 2]);
    const unit = { ...channel, scheme: 'RescaleTo01Normalization' } as const;
    expect(apply(mapOf(unit, known), [-3, 0, 2, 8, 100])).toEqual([0, 0, 0.25, 1, 1]);
  });

  it('rescales after any scheme, and the statistics with the voxels', () => {
    const channel = {
      scheme: 'NoNormalization',
      useNonzeroMask: false,
      rescale: { slope: 0.5, intercept: 1 },
    } as const;
    const map = mapOf(channel);
    expect(apply(map, [-10, 0, 30])).toEqual([-4, 1, 16]);
    expect(mapStatistics(statistics, map)).toMatchObject({ min: -4, max: 16, mean: 3.5, std: 2 });
    const ct = {
      scheme: 'CTNormalization',
      useNonzeroMask: false,
      intensity,
      rescale: { slope: 2, intercept: -1 },
    } as const;
    // (clip(v, -20, 40) - 10) / 5 * 2 - 1
    expect(apply(mapOf(ct), [-100, 10, 100])).toEqual([-13, -1, 11]);
    expect(mapStatistics(known, mapOf(ct))).toMatchObject({ min: -9, max: 7 });
    expect(mapStatistics(known, map)).not.toHaveProperty('clipped');
  });

  it('cannot be without what was measured, nor where the percentiles are one', () => {
    const channel = { scheme: 'ZScoreNormalization', useNonzeroMask: false, clipPercentiles: [5, 95] } as const;
    expect(intensityMap(channel, undefined)).toBe('needs-statistics');
    expect(intensityMap(channel, statistics)).toBe('needs-statistics');
    expect(intensityMap(channel, { ...statistics, clipped: { low: 0, high: 0, mean: 0, std: 0 } })).toBe(
      'nothing-between',
    );
  });
});
