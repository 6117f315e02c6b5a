import { describe, expect, it } from 'vitest';
import { judge } from '../../src/evaluate/judge.js';
import { scored } from '../support/scored.js';

describe('judge', () => {
  const cases = scored(
    [1, 2, 3, 4],
    [
      [1, 0.9],
      [3, 0.8],
      [5, 0.7],
    ],
    [
      [4, 0.3],
      [6, 0.2],
      [9, 0.7],
      [2, null],
    ],
  );

  it('draws the boundary from the validation scans, and from the test for comparison', () => {
    const found = judge(cases, 0.6);
    expect(found.validation).toEqual({
      boundary: 4,
      idRejected: 1,
      id: 3,
      oodAccepted: 2,
      ood: 4,
      detectionError: 0.5 / 3 + 0.25,
      fpr: 0.5,
    });
    expect(found.testRoc).toMatchObject({ boundary: 5, idRejected: 0, oodAccepted: 2, fpr: 0.5 });
  });

  it('rates the boundary that calibrate draws beside the paper’s', () => {
    // The paper keeps 19 of 20 validation scans, and split conformal prediction all.
    const val = Array.from({ length: 20 }, (_, i) => i + 1);
    const found = judge(
      scored(
        val,
        [
          [19.5, 0.9],
          [21, 0.8],
        ],
        [
          [19.5, 0.3],
          [30, 0.2],
        ],
      ),
      0.6,
    );
    expect(found.validation).toMatchObject({ boundary: 19, idRejected: 2, oodAccepted: 0 });
    expect(found.conformal).toMatchObject({
      boundary: 20,
      idRejected: 1,
      oodAccepted: 1,
      fpr: 0.5,
      detectionError: 0.5,
      silentFailures: ['test-ood-0'],
      falseAlarms: ['test-id-1'],
      admitted: { n: 2, coverage: 0.5 },
    });
    expect([found.silentFailures, found.falseAlarms]).toEqual([[], ['test-id-0', 'test-id-1']]);
  });

  it('names silent failures and false alarms, and measures what is admitted', () => {
    const { silentFailures, falseAlarms, admitted } = judge(cases, 0.6);
    expect(silentFailures).toEqual(['test-ood-0']);
    expect(falseAlarms).toEqual(['test-id-2', 'test-ood-2']);
    expect(admitted).toEqual({
      n: 4,
      coverage: 4 / 7,
      diceMean: expect.closeTo(2 / 3, 12),
      diceSd: expect.closeTo(0.26246692913372704, 12),
    });
  });

  it('leaves out what the cohort does not say', () => {
    const bare = judge(scored([1, 2], [[1, null]], []), 0.6);
    expect(bare).toMatchObject({ auroc: null, auprOod: null, failure: null, spearman: null, calibrationError: null });
    expect(bare.admitted).toEqual({ n: 1, coverage: 1, diceMean: null, diceSd: null });
    // Negative scores: 2 max <= min, so there is no normalised uncertainty.
    expect(judge(scored([-9, -8], [[-9, 0.5]], [[-3, 0.1]]), 0.6).calibrationError).toBeNull();
  });
});
