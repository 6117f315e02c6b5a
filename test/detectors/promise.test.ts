import { describe, expect, it } from 'vitest';
import { calibrate } from '../../src/detectors/calibration.js';
import {
  chanceOfMore,
  confidentRank,
  describeLevel,
  describeSite,
  scansBelowLargest,
  scansForConfidence,
  scansForLevel,
  warningsOfCalibration,
} from '../../src/detectors/promise.js';
import fixture from '../fixtures/calibration.json' with { type: 'json' };

const calibrated = (scores: readonly number[], level?: number) =>
  calibrate(
    scores.map((score, i) => ({ case: `case_${i}`, score })),
    level,
  );
const counting = (n: number, level?: number) =>
  calibrated(
    Array.from({ length: n }, (_, i) => i),
    level,
  );

describe('describeLevel', () => {
  it('promises 95 % from 19 scans on and says what fewer support', () => {
    expect(describeLevel(19)).toMatch(/^Calibrated on 19 scans: at least 95 %/);
    expect(describeLevel(18)).toMatch(/too few for 95 %.* 94\.7 %.*19 scans are needed/);
    expect(describeLevel(1)).toMatch(/^Calibrated on 1 scan, .* 50 %/);
    expect(describeLevel(98, 0.99)).toMatch(/too few for 99 %.*98\.9 %.*99 scans are needed for 99 %/);
    expect(describeLevel(99, 0.99)).toMatch(/at least 99 %/);
  });
});

describe('how many scans', () => {
  it.each([
    [0.5, 1, 3, 5],
    [0.8, 4, 9, 14],
    [0.9, 9, 19, 29],
    [0.95, 19, 39, 59],
    [0.99, 99, 199, 299],
  ])('level %f: %d support it, from %d on the boundary is not the largest, %d make it 95 %% sure', (level, ...n) => {
    expect([scansForLevel(level), scansBelowLargest(level), scansForConfidence(level)]).toEqual(n);
  });
});

describe('the law of the false-alarm rate here', () => {
  it('gives with 20 scans a chance of 12 % of more than one in ten, with 50 of 3 %', () => {
    expect(chanceOfMore(0.1, 20, 20)).toBeCloseTo(0.9 ** 20, 12);
    expect(chanceOfMore(0.1, 50, 49)).toBeCloseTo(0.0338, 4);
  });

  it.each(fixture.confident)('n = %s: 95 %% sure of at most 5 %% from rank %s on', (n, k) => {
    expect(confidentRank(n as number, 0.95)).toBe(k);
  });

  it('is that of a simulation', () => {
    // The true rate is 1 - F(boundary): of uniform scores, 1 - the boundary itself.
    let state = 5;
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 32;
    };
    const rounds = 4000;
    for (const n of [20, 50]) {
      let more = 0;
      for (let round = 0; round < rounds; round++) {
        const { boundary } = calibrated(Array.from({ length: n }, uniform));
        more += Number(1 - boundary.conformal > 0.1);
      }
      const expected = chanceOfMore(0.1, n, n === 20 ? 20 : 49);
      expect(Math.abs(more / rounds - expected)).toBeLessThan(4 * Math.sqrt((expected * (1 - expected)) / rounds));
    }
  });
});

describe('describeSite', () => {
  it.each([
    [
      20,
      undefined,
      /With these 20 the chance that more than 10 % .* is 12 %\. 59 scans calibrated at level 0\.98, where .* give 95 % confidence that at most 5 % are\.$/,
    ],
    [
      59,
      undefined,
      /With these 59 .* is 5\.7 %\. Calibrated at level 0\.98 they give 95 % confidence that at most 5 % are\.$/,
    ],
    [59, 0.98, /more than 4 % .* is 9 %\. 149 scans calibrated at level 0\.99, /],
    [100, undefined, /Calibrated at level 0\.98 they give/],
    [1, 0.5, /more than 75 % .* is 25 %/],
  ])('of %d scans at level %s', (n, level, sentence) => {
    expect(describeSite(counting(n, level))).toMatch(sentence);
  });
});

describe('warningsOfCalibration', () => {
  const codes = (scores: readonly number[], level?: number) =>
    warningsOfCalibration(calibrated(scores, level)).map(({ code }) => code);

  it('asks for as many scans as keep the boundary off the largest score', () => {
    const few = warningsOfCalibration(counting(38));
    expect(few).toMatchObject([
      { code: 'few-calibration-scans', message: expect.stringMatching(/largest of 38 scores.*39 scans or more/) },
    ]);
    expect(codes(Array.from({ length: 39 }, (_, i) => i))).toEqual([]);
    expect(
      codes(
        Array.from({ length: 19 }, (_, i) => i),
        0.9,
      ),
    ).toEqual([]);
  });

  it('names the scan that the boundary hangs on', () => {
    // Near exponential up to 45.2, then 106.8: what cost 21 of 40 scans.
    const scores = Array.from({ length: 29 }, (_, i) => (45.2 * Math.log(30 / (29 - i))) / Math.log(30));
    const [, warning] = warningsOfCalibration(calibrated([...scores, 106.8]));
    expect(warning).toEqual({
      code: 'boundary-hangs-on-one',
      message: expect.stringMatching(
        /one scan, case_29: its score is 106\.8 and the next lower one, of case_28, 45\.2;/,
      ),
    });
    expect(codes([...scores, 50])).toEqual(['few-calibration-scans']);
  });

  it('goes by the boundary, not by a larger score that it ignores', () => {
    const scores = Array.from({ length: 58 }, (_, i) => i);
    expect(codes([...scores, 1000])).toEqual([]);
    expect(codes([...scores.slice(0, 56), 1000, 1001, 1002])).toEqual(['boundary-hangs-on-one']);
  });

  it('knows no unit and no origin, and says nothing of few scans or equal ones', () => {
    const scores = Array.from({ length: 29 }, (_, i) => -Math.log((29.5 - i) / 30));
    const hanging = ['few-calibration-scans', 'boundary-hangs-on-one'];
    expect(codes([...scores, 30])).toEqual(hanging);
    expect(codes([...scores, 30].map((score) => 1e-3 * score - 7))).toEqual(hanging);
    expect(codes([1, 2, 3, 4, 5, 6, 700])).toEqual(['few-calibration-scans']);
    expect(codes(new Array(40).fill(1))).toEqual([]);
  });

  it('is silent on ordinary samples as often as it says', () => {
    let state = 3;
    const uniform = () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return (state + 0.5) / 2 ** 32;
    };
    const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
    const rounds = 2000;
    const alarms = (n: number, draw: () => number) => {
      let count = 0;
      for (let round = 0; round < rounds; round++)
        count += Number(codes(Array.from({ length: n }, draw)).includes('boundary-hangs-on-one'));
      return count / rounds;
    };
    for (const n of [20, 50, 100]) {
      const exponential = alarms(n, () => -Math.log(uniform()));
      // Four standard deviations about 5 %.
      expect(Math.abs(exponential - 0.05)).toBeLessThan(4 * Math.sqrt((0.05 * 0.95) / rounds));
      expect(alarms(n, () => Math.exp(0.5 * normal()))).toBeLessThan(0.075);
      expect(alarms(n, normal)).toBeLessThan(0.02);
    }
  });
});
