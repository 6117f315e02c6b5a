import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { riskCoverageAreas, riskCoverageCurve } from '../../src/evaluate/risk-coverage.js';
import { cases, judged } from '../support/metrics.js';

const near = (x: number) => expect.closeTo(x, 11);

describe.each(cases)('against the reference tools', (found) => {
  it('measures the areas under risk-coverage curves', () => {
    const { aurc, augrc, eaurc, optimal, random } = riskCoverageAreas(judged(found));
    expect({ aurc, augrc, optimal }).toEqual({
      aurc: near(found.aurc),
      augrc: near(found.augrc),
      optimal: { aurc: near(found.optimal.aurc), augrc: near(found.optimal.augrc) },
    });
    expect(eaurc).toEqual(near(found.aurc - found.optimal.aurc));
    const mean = found.risk.reduce((sum, r) => sum + r, 0) / found.risk.length;
    expect(random).toEqual({ aurc: near(mean), augrc: near(mean / 2) });
  });
});

describe('properties', () => {
  it('areas of scans in any order are the same, ties included, and none beats the perfect order', () => {
    const scans = fc.array(
      fc.record({ score: fc.integer({ min: 0, max: 4 }), risk: fc.integer({ min: 0, max: 10 }) }),
      {
        minLength: 1,
        maxLength: 25,
      },
    );
    fc.assert(
      fc.property(scans, (all) => {
        const areas = riskCoverageAreas(all);
        const turned = riskCoverageAreas(all.toReversed());
        expect(turned.aurc).toBeCloseTo(areas.aurc, 10);
        expect(areas.augrc).toBeGreaterThanOrEqual(areas.optimal.augrc - 1e-12);
        expect(riskCoverageCurve(all).at(-1)!.coverage).toBe(1);
      }),
    );
  });
});
