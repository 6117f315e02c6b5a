import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binEdges } from '../../src/explain/bins.js';
import { wassersteinDistance } from '../../src/explain/wasserstein.js';
import expected from '../fixtures/explain.json' with { type: 'json' };

const ct = binEdges('CTNormalization');

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
