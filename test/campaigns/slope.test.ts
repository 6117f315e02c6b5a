import { describe, expect, it } from 'vitest';
import { slopeOf, studentT975 } from '../../campaigns/slope.js';
import { bell, random } from '../../examples/phantom/random.js';

/** A line under noise that lasts: AR(1), 300 kB wide, as RSS moves. */
function samples(perScan: number, seed: number, n = 1800): number[] {
  const next = random(seed);
  let state = 0;
  return Array.from({ length: n }, (_, i) => {
    state = 0.9 * state + 300 * Math.sqrt(1 - 0.9 ** 2) * bell(next);
    return 2e5 + perScan * i + state;
  });
}

describe('the slope of memory', () => {
  it('holds the true one in its interval about as often as it says', () => {
    const inside = Array.from({ length: 300 }, (_, seed) => slopeOf(samples(1, seed), 50)).filter(
      ({ low, high }) => low <= 1 && 1 <= high,
    );
    // 95 % of 300 is 285, give or take 4.
    expect(inside.length).toBeGreaterThan(270);
    expect(inside.length).toBeLessThan(299);
  });

  it('lies above the bound for a leak of 4 kB a scan, and not without one', () => {
    for (let seed = 0; seed < 20; seed++) {
      expect(slopeOf(samples(4, seed), 50).low).toBeGreaterThan(2);
      expect(slopeOf(samples(0, seed), 50).low).toBeLessThan(2);
    }
  });

  it('knows Student’s t (R: qt(0.975, df))', () => {
    for (const [degrees, t] of [
      [4, 2.776445],
      [10, 2.228139],
      [34, 2.032245],
    ] as const)
      expect(Math.abs(studentT975(degrees) / t - 1)).toBeLessThan(0.005);
  });
});
