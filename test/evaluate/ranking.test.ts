import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  auroc,
  averagePrecision,
  boundaryKeeping,
  detectionError,
  falsePositiveRate,
  rejectionsAt,
} from '../../src/evaluate/ranking.js';
import { cases } from '../support/metrics.js';

const near = (x: number) => expect.closeTo(x, 11);

describe.each(cases)('against the reference tools', (found) => {
  const { id, ood } = found;

  it('ranks as scikit-learn does, ties included', () => {
    expect(auroc(id, ood)).toEqual(near(found.auroc));
    expect(averagePrecision(id, ood, 'ood')).toEqual(near(found.auprOod));
    expect(averagePrecision(id, ood, 'id')).toEqual(near(found.auprId));
    const boundary = boundaryKeeping(id);
    expect(falsePositiveRate(rejectionsAt(boundary, id, ood))).toEqual(near(found.fprAt95));
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
});
