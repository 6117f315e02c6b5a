import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benjaminiHochberg, fewestFlagged } from '../../src/detectors/false-discoveries.js';
import fixture from '../fixtures/calibration.json' with { type: 'json' };

describe('benjaminiHochberg', () => {
  it.each(fixture.discoveries)('flags as scipy does: q = $q, n = $n', ({ p, q, flagged }) => {
    expect(benjaminiHochberg(p, q)).toEqual(flagged);
  });

  it('flags a p-value that is exactly on the line', () => {
    // 0.3 / 3 is a little less than 0.1 in doubles.
    expect(benjaminiHochberg([0.1, 0.9, 0.9], 0.3)).toEqual([true, false, false]);
    expect(benjaminiHochberg([], 0.1)).toEqual([]);
  });

  it('flags, of a batch in distribution, any scan as seldom as it says', () => {
    // Where nothing is foreign, every discovery is false: the chance of any is at most q.
    let state = 7;
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const rounds = 4000;
    let wrong = 0;
    for (let round = 0; round < rounds; round++) {
      const calibration = Array.from({ length: 99 }, uniform);
      const p = Array.from({ length: 10 }, () => {
        const score = uniform();
        return (1 + calibration.filter((c) => c >= score).length) / 100;
      });
      wrong += Number(benjaminiHochberg(p, 0.2).includes(true));
    }
    // Three standard deviations above .2.
    expect(wrong / rounds).toBeLessThan(0.2 + 3 * Math.sqrt((0.2 * 0.8) / rounds));
    expect(wrong / rounds).toBeGreaterThan(0.1);
  });
});

describe('fewestFlagged', () => {
  it('is the number of smallest p-values from which on they are flagged', () => {
    const parts = fc.record({
      m: fc.integer({ min: 1, max: 80 }),
      n: fc.integer({ min: 1, max: 80 }),
      q: fc.integer({ min: 1, max: 50 }).map((hundredths) => hundredths / 100),
    });
    fc.assert(
      fc.property(parts, ({ m, n, q }) => {
        const fewest = fewestFlagged(m, n, q);
        const batch = (out: number) => Array.from({ length: m }, (_, i) => (i < out ? 1 / (n + 1) : 1));
        if (fewest <= m) expect(benjaminiHochberg(batch(fewest), q).filter(Boolean)).toHaveLength(fewest);
        const fewer = Math.min(m, fewest - 1);
        if (q < 1) expect(benjaminiHochberg(batch(fewer), q)).not.toContain(true);
      }),
    );
  });
});
