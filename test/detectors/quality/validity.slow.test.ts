import { expect, it } from 'vitest';
import { drawBound, levelOf, lowerBound } from '../../../src/detectors/quality/bound.js';
import { meanOf } from '../../../src/detectors/quality/learn.js';
import { simulatedCases } from '../../support/quality.js';

it('a bound holds over draws: a split covers its level within chance, a jackknife+ its own', () => {
  for (const [kind, n, draws] of [
    ['split', 38, 40],
    ['jackknife+', 12, 20],
  ] as const) {
    let [covered, total] = [0, 0];
    for (let seed = 0; seed < draws; seed++) {
      const drawn = simulatedCases(n + 20, 7919 * seed + 1);
      const bound = drawBound(drawn.slice(0, n), kind, 0.1);
      for (const { passes } of drawn.slice(n)) {
        total++;
        covered += Number(meanOf(passes[0].dice) >= (lowerBound(bound, passes[0].signals)?.[0] ?? 2));
      }
    }
    // Draws share nothing, scans of one draw share its bound: four deviations of that mean.
    expect(covered / total).toBeGreaterThan(levelOf({ kind, alpha: 0.1 }) - 0.04);
    expect(covered / total).toBeLessThan(0.99);
  }
}, 180_000);
