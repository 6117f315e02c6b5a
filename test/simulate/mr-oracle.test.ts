import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../../src/chunks.js';
import { biasedBy, raisedTo, ricianNoise } from '../../src/simulate/mr-intensities.js';
import { type Ghosts, ghosted, moved, type Pose, spiked } from '../../src/simulate/mr-k-space.js';
import { blurredBy, coarsened } from '../../src/simulate/mr-sampling.js';
import type { ScanStatistics, SliceChange } from '../../src/simulate/shift.js';

// Expected values are TorchIO's and scipy's: test/oracle/simulate_mr.py.

interface Case {
  readonly kind: string;
  readonly parameters: never;
  readonly shape: Triple;
  readonly input: number[];
  readonly expected: number[];
}
interface Fixture {
  readonly spacing: Triple;
  readonly cases: readonly Case[];
  readonly noise: readonly { signal: number; sigma: number; mean: number; std: number }[];
}
const fixture = JSON.parse(readFileSync(new URL('../fixtures/simulate-mr.json', import.meta.url), 'utf8')) as Fixture;

const changes: Record<string, (parameters: never) => SliceChange> = {
  'bias-field': ({ order, coefficients }: { order: number; coefficients: number[] }) => biasedBy(order, coefficients),
  ghosting: (ghosts: Ghosts) => ghosted(ghosts),
  spike: ({ position, intensity }: { position: Triple; intensity: number }) => spiked(position, intensity),
  blur: ({ mm }: { mm: number }) => blurredBy(mm),
  gamma: ({ gamma }: { gamma: number }) => raisedTo(gamma),
  anisotropy: ({ factor }: { factor: number }) => coarsened(factor),
  motion: ({ poses }: { poses: Pose[] }) => moved(poses),
};

function statisticsFrom(values: readonly number[]): ScanStatistics {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const std = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  return { min: Math.min(...values), max: Math.max(...values), mean, std };
}

describe('with the parameters of TorchIO', () => {
  it.each(fixture.cases)('$kind $parameters on $shape makes the same voxels', (given) => {
    const { kind, parameters, shape, input, expected } = given;
    const change = changes[kind](parameters);
    const statistics = statisticsFrom(input);
    const plane = shape[1] * shape[2];
    const found = Array.from({ length: shape[0] }, (_, z) => {
      const data = Float32Array.from(input.slice(z * plane, (z + 1) * plane));
      return [...change({ z, data, scan: { shape, spacing: fixture.spacing }, statistics })];
    }).flat();
    const furthest = Math.max(...found.map((v, i) => Math.abs(v - expected[i])));
    // Values are up to a thousand, in float32.
    expect(furthest).toBeLessThan(2e-3);
  });

  it('has each of them in the fixture', () => {
    expect(new Set(fixture.cases.map(({ kind }) => kind))).toEqual(new Set(Object.keys(changes)));
  });
});

describe('Rician noise', () => {
  it.each(fixture.noise)('of $sigma on a signal of $signal has the law of scipy', ({ signal, sigma, mean, std }) => {
    const shape = [1, 200, 200] as const;
    const data = new Float32Array(40_000).fill(signal);
    // Grade 3 is noise of one deviation of the scan.
    const statistics = { min: 0, max: 1000, mean: 100, std: sigma };
    const noisy = ricianNoise.at(3, 5)({ z: 0, data, scan: { shape, spacing: [1, 1, 1] }, statistics });
    const found = statisticsFrom([...noisy.slice(0, 40_000)].map((v) => v));
    // Five standard errors of a mean, and about seven of a deviation.
    expect(Math.abs(found.mean - mean)).toBeLessThan((5 * std) / 200);
    expect(Math.abs(found.std - std)).toBeLessThan((5 * std) / 200);
  });
});
