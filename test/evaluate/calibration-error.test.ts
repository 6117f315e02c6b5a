import { describe, expect, it } from 'vitest';
import { expectedSegmentationCalibrationError } from '../../src/evaluate/calibration-error.js';

const near = (x: number) => expect.closeTo(x, 11);

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
