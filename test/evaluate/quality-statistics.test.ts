import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { clopperPearsonInterval } from '../../src/evaluate/proportions.js';
import { boundCoverage, qualityStatistics } from '../../src/evaluate/quality-statistics.js';
import { binomialAtLeast } from '../../src/maths/binomial.js';

interface Expected {
  dice: number[];
  estimate: number[];
  atLeast: number[];
  uncertainty: number[];
  meanAbsoluteError: number;
  bias: number;
  covered: number;
  interval: [number, number];
  aurc: number;
  augrc: number;
  esce: number;
  paperEsce: number;
}

/** scikit-learn, scipy and numpy: test/oracle/quality_statistics.py. */
const { cases, exact, tails } = JSON.parse(
  readFileSync(new URL('../fixtures/quality-statistics.json', import.meta.url), 'utf8'),
) as {
  cases: Expected[];
  exact: { count: number; n: number; level: number; low: number; high: number }[];
  tails: { k: number; n: number; p: number; value: number }[];
};

const near = (x: number) => expect.closeTo(x, 11);

describe('what an estimate of the Dice is worth', () => {
  it.each(cases)('is what scikit-learn, scipy and numpy say, case %#', (expected) => {
    const scans = expected.dice.map((dice, i) => ({
      dice,
      estimate: expected.estimate[i],
      atLeast: expected.atLeast[i],
      uncertainty: expected.uncertainty[i],
    }));
    const found = qualityStatistics(scans);
    expect(found).toMatchObject({
      n: scans.length,
      meanAbsoluteError: near(expected.meanAbsoluteError),
      bias: near(expected.bias),
      bound: {
        n: scans.length,
        covered: expected.covered,
        interval: { low: near(expected.interval[0]), high: near(expected.interval[1]) },
      },
      failure: { aurc: near(expected.aurc), augrc: near(expected.augrc) },
      calibrationError: { esce: near(expected.esce) },
      paperCalibrationError: { esce: near(expected.paperEsce) },
    });
  });

  it('counts bounds of the scans that have one, and a Dice that equals its bound as covered', () => {
    const scans = [
      { dice: 0.5, atLeast: 0.5 },
      { dice: 0.5, atLeast: 0.6 },
      { dice: 0.1, atLeast: null },
    ];
    expect(boundCoverage(scans)).toMatchObject({ n: 2, covered: 1, coverage: 0.5 });
    expect(boundCoverage([{ dice: 1 }])).toEqual({ n: 0, covered: 0, coverage: null, interval: null });
    expect(qualityStatistics([])).toBeNull();
    expect(qualityStatistics([{ dice: 0.5, estimate: 0.5 }])!.paperCalibrationError).toBeNull();
  });

  it.each(exact)('has Clopper and Pearson’s interval of $count in $n at $level', ({ count, n, level, low, high }) => {
    expect(clopperPearsonInterval(count, n, level)).toEqual({ low: near(low), high: near(high) });
  });

  it.each(tails)('has the binomial tail from $k of $n at $p', ({ k, n, p, value }) => {
    expect(binomialAtLeast(k, n, p)).toBeCloseTo(value, 12);
  });
});
