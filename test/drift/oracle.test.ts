import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ConformalPValues } from '../../src/drift/conformal.js';
import { TestMartingale } from '../../src/drift/martingale.js';

// conformal.ts and martingale.ts, one behind the other as a stream has them.

interface Expected {
  readonly name: string;
  readonly calibration: readonly number[];
  readonly stream: readonly number[];
  readonly draws: readonly number[];
  readonly p: readonly number[];
  readonly log10: readonly number[];
}

/**
 * test/oracle/drift.py: p-values counted by numpy, the martingale as the sum of all its gamblers.
 */
const cases = JSON.parse(readFileSync(new URL('../fixtures/drift.json', import.meta.url), 'utf8')) as Expected[];

it.each(cases)('$name: as numpy', ({ calibration, stream, draws, p, log10 }) => {
  const pValues = new ConformalPValues(calibration);
  const martingale = new TestMartingale();
  expect(stream.length).toBeGreaterThan(30);
  for (const [t, score] of stream.entries()) {
    const value = pValues.next(score, () => draws[t]);
    expect(value).toBeCloseTo(p[t], 14);
    martingale.step(value);
    expect(martingale.log * Math.LOG10E).toBeCloseTo(log10[t], 10);
  }
});
