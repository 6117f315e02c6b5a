import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TestMartingale } from '../../src/drift/martingale.js';

function capitalAfter(ps: readonly number[]): number {
  const martingale = new TestMartingale();
  for (const p of ps) martingale.step(p);
  return Math.exp(martingale.log);
}

it('the first step stakes half of the capital on four bets', () => {
  expect(capitalAfter([])).toBe(1);
  // 1/2 + (5/4 + 3/2 + 2 + 4) / 8
  expect(capitalAfter([0])).toBeCloseTo(1.59375, 14);
  // 1/2 + (1 + 1 + 1 + 1/2) / 8
  expect(capitalAfter([0.5])).toBeCloseTo(0.9375, 14);
  // 1/2 + (3/4 + 1/2) / 8
  expect(capitalAfter([1])).toBeCloseTo(0.65625, 14);
});

it('the second step stakes a twelfth more, and spreads a thousandth anew', () => {
  const stakes = [1.25, 1.5, 2, 4].map((bet) => bet / 8);
  const spread = (0.001 * stakes.reduce((a, b) => a + b) + 1 / 12) / 4;
  const second = stakes.map((stake, i) => (0.999 * stake + spread) * [0.75, 0.5, 0, 0][i]);
  expect(capitalAfter([0, 1])).toBeCloseTo(1 - 1 / 2 - 1 / 12 + second.reduce((a, b) => a + b), 14);
});

it('is a martingale: whatever came before, the mean over a uniform p-value is the capital that was there', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 1e-6, max: 1, noNaN: true }), { maxLength: 60 }), (ps) => {
      const before = capitalAfter(ps);
      const after = (p: number) => capitalAfter([...ps, p]);
      // Simpson's rule is exact: no bet is of a degree above 3.
      const mean = (after(0) + 4 * after(0.5) + after(1)) / 6;
      expect(mean / before).toBeCloseTo(1, 11);
    }),
  );
});

it('a smaller p-value is never worth less', () => {
  const p = fc.double({ min: 0, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(p, { minLength: 1, maxLength: 30 }), fc.nat(), p, (ps, at, other) => {
      const i = at % ps.length;
      const lower = ps.with(i, Math.min(ps[i], other));
      expect(capitalAfter(lower)).toBeGreaterThanOrEqual(capitalAfter(ps) * (1 - 1e-12));
    }),
  );
});

it('loses no more than the reserve in the worst of streams, and counts what no number holds', () => {
  // After 1,000 steps, 2^9 + 488: 1/10 - 489 / (10 · 11 · 512) of it is left.
  expect(capitalAfter(Array(1000).fill(1))).toBeGreaterThan(1 / 10 - 489 / 56320);
  const rich = new TestMartingale();
  for (let i = 0; i < 10_000; i++) rich.step(1e-9);
  // Every step pays 4, less a thousandth that changes over to three bets that pay half of it or
  // less.
  expect(rich.log / 10_000).toBeGreaterThan(Math.log(4) - 0.001);
  expect(rich.log / 10_000).toBeLessThan(Math.log(4));
  // And all of it can be lost again but for what is in reserve.
  for (let i = 0; i < 100_000; i++) rich.step(1);
  expect(rich.log).toBeGreaterThan(Math.log(1 / 18));
  expect(rich.log).toBeLessThan(0);
});
