import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binEdges, binOf } from '../../src/explain/bins.js';

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
