import { describe, expect, it } from 'vitest';
import { binEdges } from '../../src/explain/bins.js';
import { RawIntensities } from '../../src/explain/raw-intensities.js';
import expected from '../fixtures/explain.json' with { type: 'json' };

const ct = binEdges('CTNormalization');

describe('RawIntensities', () => {
  it('counts as numpy.histogram does', () => {
    const { values, shares } = expected.counted;
    const counting = new RawIntensities([ct]);
    counting.push(Float32Array.from(values.slice(0, 100)));
    counting.push(Float32Array.from(values.slice(100)));
    for (const [i, share] of counting.shares[0].entries()) expect(share).toBeCloseTo(shares[i], 14);
  });

  it('keeps channels apart, each in its own bins', () => {
    const counting = new RawIntensities([
      [0, 1, 2],
      [0, 10, 20, 30],
    ]);
    // Two slices of 1x2 in two channels.
    counting.push(Float32Array.of(0.5, 1.5, 15, 40));
    counting.push(Float32Array.of(1.25, 9, -3, 25));
    expect(counting.shares).toEqual([
      [0.25, 0.75],
      [0.25, 0.25, 0.5],
    ]);
  });
});
