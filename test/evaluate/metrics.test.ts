import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectedSegmentationCalibrationError } from '../../src/evaluate/calibration-error.js';
import { pearson, ranks, spearman } from '../../src/evaluate/correlation.js';
import { detectionErrorInterval, wilsonInterval } from '../../src/evaluate/proportions.js';
import {
  auroc,
  averagePrecision,
  boundaryKeeping,
  detectionError,
  falsePositiveRate,
  rejectionsAt,
} from '../../src/evaluate/ranking.js';
import { riskCoverageAreas, riskCoverageCurve } from '../../src/evaluate/risk-coverage.js';

interface Expected {
  id: number[];
  ood: number[];
  auroc: number;
  auprOod: number;
  auprId: number;
  fprAt95: number;
  score: number[];
  risk: number[];
  aurc: number;
  augrc: number;
  optimal: { aurc: number; augrc: number };
  pearson: number;
  spearman: number;
  roundedTo: number;
}

/** scikit-learn, scipy, statsmodels and torch-uncertainty: test/oracle/metrics.py. */
const { cases, proportions } = JSON.parse(
  readFileSync(new URL('../fixtures/metrics.json', import.meta.url), 'utf8'),
) as {
  readonly cases: readonly Expected[];
  readonly proportions: readonly {
    readonly counts: readonly [number, number, number, number];
    readonly fpr: readonly [number, number];
    readonly detectionError: readonly [number, number];
  }[];
};
const near = (x: number) => expect.closeTo(x, 11);
const judged = ({ score, risk }: Pick<Expected, 'score' | 'risk'>) =>
  score.map((s, i) => ({ score: s, risk: risk[i] }));

describe.each(proportions)('intervals of rates, $counts', ({ counts, fpr, detectionError: error }) => {
  it('are scipy’s and statsmodels’', () => {
    const [idRejected, id, oodAccepted, ood] = counts;
    expect(wilsonInterval(oodAccepted, ood)).toEqual({ low: near(fpr[0]), high: near(fpr[1]) });
    const found = detectionErrorInterval({ idRejected, id, oodAccepted, ood });
    expect(found).toEqual({ low: near(error[0]), high: near(error[1]) });
    expect(wilsonInterval(0, 0)).toBeNull();
    expect(detectionErrorInterval({ idRejected: 0, id: 0, oodAccepted, ood })).toBeNull();
  });
});

describe.each(cases)('against the reference tools', (found) => {
  const { id, ood } = found;

  it('ranks as scikit-learn does, ties included', () => {
    expect(auroc(id, ood)).toEqual(near(found.auroc));
    expect(averagePrecision(id, ood, 'ood')).toEqual(near(found.auprOod));
    expect(averagePrecision(id, ood, 'id')).toEqual(near(found.auprId));
    const boundary = boundaryKeeping(id);
    expect(falsePositiveRate(rejectionsAt(boundary, id, ood))).toEqual(near(found.fprAt95));
  });

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

  it('correlates as scipy does', () => {
    // numpy's round, half to even.
    const rounded = (values: number[]) => values.map((v) => Number(v.toFixed(found.roundedTo)));
    expect(pearson(found.score, found.risk)).toEqual(near(found.pearson));
    expect(spearman(rounded(found.score), rounded(found.risk))).toEqual(near(found.spearman));
  });
});

describe('the detection error', () => {
  // facts of the paper: 35 ID and 120 OOD test scans; Max. Softmax is .3345 by the counts and
  // printed as .334.
  it.each([
    ['Max. Softmax', 3, 70, 0.3345, 0.583],
    ['Temp. Scaling T = 10', 9, 91, 0.508, 0.758],
    ['Temp. Scaling T = 100', 6, 66, 0.361, 0.55],
    ['Temp. Scaling T = 1000', 0, 120, 0.5, 1],
    ['KL from Uniform', 4, 86, 0.415, 0.717],
    ['MC Dropout', 6, 22, 0.177, 0.183],
    ['Mahalanobis', 4, 6, 0.082, 0.05],
  ])('of %s is that of Table 1', (_, idRejected, oodAccepted, error, fpr) => {
    const counts = { idRejected, id: 35, oodAccepted, ood: 120 };
    expect(detectionError(counts)).toEqual(expect.closeTo(error, error === 0.3345 ? 4 : 3));
    expect(falsePositiveRate(counts)).toEqual(expect.closeTo(fpr, 3));
  });

  it('counts a score on the boundary as admitted', () => {
    expect(rejectionsAt(2, [1, 2, 3], [2, 5])).toEqual({ idRejected: 1, id: 3, oodAccepted: 1, ood: 2 });
  });
});

describe('the ESCE', () => {
  it('has bins of confidence that are closed on the right, 0 in the first', () => {
    const { bins } = expectedSegmentationCalibrationError(
      [0, 0.1, 0.2, 0.3, 0.7, 0.9, 1].map((u) => ({ uncertainty: u, dice: 0.5 })),
    );
    // Confidences 1, .9, .8, .7, .3, .1, 0 (as doubles: 1 - .7 is .30000000000000004, 1 - .9 is
    // .09999999999999998).
    expect(bins.map(({ n }) => n)).toEqual([2, 0, 0, 1, 0, 0, 1, 1, 1, 1]);
  });

  it('weighs the gap of every bin by its scans', () => {
    // (0.9, 1]: confidences 1 and .95, Dice .8 and .9; (.4, .5]: confidence .5, Dice .1.
    const { esce, bins } = expectedSegmentationCalibrationError([
      { uncertainty: 0, dice: 0.8 },
      { uncertainty: 0.05, dice: 0.9 },
      { uncertainty: 0.5, dice: 0.1 },
    ]);
    expect(esce).toEqual(near((2 * (0.975 - 0.85) + 0.4) / 3));
    expect(bins[9]).toEqual({ from: 0.9, to: 1, n: 2, dice: near(0.85), confidence: near(0.975) });
    expect(bins[0]).toEqual({ from: 0, to: 0.1, n: 0, dice: null, confidence: null });
  });
});

describe('properties', () => {
  const scores = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 30 });

  it('AUROC depends on the order alone, and turns with the groups', () => {
    fc.assert(
      fc.property(scores, scores, (id, ood) => {
        expect(auroc(id, ood)).toBeCloseTo(1 - auroc(ood, id), 12);
        const stretched = (values: number[]) => values.map((v) => Math.exp(v));
        expect(auroc(stretched(id), stretched(ood))).toBe(auroc(id, ood));
      }),
    );
  });

  it('a boundary that keeps 95 % keeps 95 %, and the next smaller score would not', () => {
    fc.assert(
      fc.property(scores, (values) => {
        const kept = (boundary: number) => values.filter((v) => v <= boundary).length / values.length;
        const boundary = boundaryKeeping(values);
        expect(kept(boundary)).toBeGreaterThanOrEqual(0.95);
        const smaller = values.filter((v) => v < boundary);
        if (smaller.length > 0) expect(kept(Math.max(...smaller))).toBeLessThan(0.95);
      }),
    );
  });

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

  it('ranks sum to n (n + 1) / 2', () => {
    fc.assert(
      fc.property(scores, (values) => {
        expect(ranks(values).reduce((sum, r) => sum + r, 0)).toBe((values.length * (values.length + 1)) / 2);
      }),
    );
  });
});
