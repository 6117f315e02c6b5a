import { describe, expect, it } from 'vitest';
import { detectionErrorInterval, wilsonInterval } from '../../src/evaluate/proportions.js';
import { proportions } from '../support/metrics.js';

const near = (x: number) => expect.closeTo(x, 11);

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
