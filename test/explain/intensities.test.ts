import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binEdges, binOf } from '../../src/explain/bins.js';
import { RawIntensities } from '../../src/explain/raw-intensities.js';
import { trainingIntensities } from '../../src/explain/training-intensities.js';
import { wassersteinDistance } from '../../src/explain/wasserstein.js';
import expected from '../fixtures/explain.json' with { type: 'json' };

const ct = binEdges('CTNormalization');

describe('the bins', () => {
  it('of a CT are 50 HU wide, with air and water in the middle of one', () => {
    expect([ct.length, ct[0], ct[1], ct.at(-1)]).toEqual([85, -1125, -1075, 3075]);
    const bin = binOf(ct);
    expect([-1000, 0, 24.99, 25, 1000].map((hu) => (ct[bin(hu)] + ct[bin(hu) + 1]) / 2)).toEqual([
      -1000, 0, 0, 50, 1000,
    ]);
    expect([-1e30, -2000, 3075, 1e9].map(bin)).toEqual([0, 0, 83, 83]);
  });

  it('of anything else are two an octave, alike on both sides of 0', () => {
    const edges = binEdges('ZScoreNormalization');
    const middle = edges.length / 2;
    expect(edges.slice(middle - 3, middle + 4)).toEqual([-1 / 32, -3 / 128, -1 / 64, 1 / 64, 3 / 128, 1 / 32, 3 / 64]);
    expect([edges.length, edges.at(-2), edges.at(-1)]).toEqual([106, 1.5 * 2 ** 19, 2 ** 20]);
    expect(edges.map((edge) => -edge).reverse()).toEqual(edges);
    const bin = binOf(edges);
    expect(bin(0)).toBe(52);
    expect([edges[bin(700)], edges[bin(1000)], edges[bin(1024)]]).toEqual([512, 768, 1024]);
  });

  it('hold every number between their edges, whole ones and others', () => {
    for (const edges of [ct, binEdges('NoNormalization'), [-70000.5, 0.25, 70000]]) {
      const bin = binOf(edges);
      fc.assert(
        fc.property(fc.oneof(fc.integer({ min: -80000, max: 80000 }), fc.float({ noNaN: true })), (value) => {
          const found = bin(value);
          expect(found === 0 || value >= edges[found]).toBe(true);
          expect(found === edges.length - 2 || value < edges[found + 1]).toBe(true);
        }),
      );
    }
  });
});

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

describe('wassersteinDistance', () => {
  it('is what scipy finds between the centres of the bins', () => {
    for (const { edges, p, q, distance } of expected.histograms)
      expect(wassersteinDistance(edges, p, q) / distance).toBeCloseTo(1, 12);
  });

  it('of a histogram that was moved by whole bins is how far it was moved', () => {
    const shares = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(shares, fc.nat({ max: 40 }), (counts, by) => {
        const total = counts.reduce((sum, n) => sum + n, 0);
        fc.pre(total > 0);
        const at = (from: number) => ct.slice(1).map((_, i) => (counts[i - from] ?? 0) / total);
        expect(wassersteinDistance(ct, at(3), at(3 + by))).toBeCloseTo(50 * by, 8);
        expect(wassersteinDistance(ct, at(3 + by), at(3))).toBeCloseTo(50 * by, 8);
      }),
    );
  });
});

describe('trainingIntensities', () => {
  it('is the mean histogram, and how far each scan lies from the mean of the others', () => {
    const edges = [0, 10, 20, 30];
    const scans = [[[1, 0, 0]], [[0, 1, 0]], [[0, 0, 1]]];
    // The mean of the others: (0, .5, .5) is 15 from the first, (.5, 0, .5) is 10 from the second.
    expect(trainingIntensities([edges], scans)).toEqual([
      {
        edges,
        shares: [1 / 3, 1 / 3, 1 / 3],
        distances: { mean: expect.closeTo(40 / 3, 12), max: expect.closeTo(15, 12) },
      },
    ]);
    expect(trainingIntensities([edges], scans.slice(0, 1))).toEqual([{ edges, shares: [1, 0, 0], distances: null }]);
  });
});
