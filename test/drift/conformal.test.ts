import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConformalPValues } from '../../src/drift/conformal.js';

const always = (draw: number) => () => draw;

it('ranks a score among the calibration scores, those before it and itself', () => {
  const pValues = new ConformalPValues([5, 2, 1, 2]);
  // One above, three the same: (1 + 3 / 2) / 5.
  expect(pValues.next(2, always(0.5))).toBe(0.5);
  // Above all: the draw alone, of six.
  expect(pValues.next(9, always(0.75))).toBe(0.75 / 6);
  // Below all.
  expect(pValues.next(0, always(1))).toBe(1);
  // 9 is one of those that it is ranked among now.
  expect(pValues.next(9, always(1))).toBe(2 / 8);
});

it('without calibration the first p-value is the draw', () => {
  expect(new ConformalPValues([]).next(7, always(0.3))).toBe(0.3);
});

/** All orders of a list, equal values told apart. */
function orders(values: readonly number[]): number[][] {
  if (values.length === 0) return [[]];
  return values.flatMap((v, i) => orders([...values.slice(0, i), ...values.slice(i + 1)]).map((rest) => [v, ...rest]));
}

it.each([
  ['different scores', [1, 2, 3, 4, 5, 6]],
  ['ties', [1, 2, 2, 3, 3, 3]],
  ['one score', [7, 7, 7, 7, 7, 7]],
])('exchangeable, the p-values are uniform and independent, exactly: %s', (_, values) => {
  const [calibration, size] = [3, values.length];
  // Given the order, p_t is uniform on the interval between what it is with a draw of 0 and of 1,
  // independently of the others. Over all orders every box of the grid 1 / 4 × 1 / 5 × 1 / 6 has to
  // have the same mass.
  const mass = new Map<string, number>();
  const all = orders(values);
  for (const order of all) {
    const ends = [0, 1].map((draw) => {
      const pValues = new ConformalPValues(order.slice(0, calibration));
      return order.slice(calibration).map((score) => pValues.next(score, always(draw)));
    });
    let boxes: [string, number][] = [['', 1]];
    for (let t = calibration + 1; t <= size; t++) {
      const [low, high] = ends.map((p) => Math.round(p[t - calibration - 1] * t)) as [number, number];
      boxes = boxes.flatMap(([name, m]) =>
        Array.from({ length: high - low }, (_, i): [string, number] => [`${name} ${low + i}`, m / (high - low)]),
      );
    }
    for (const [name, m] of boxes) mass.set(name, (mass.get(name) ?? 0) + m);
  }
  expect(mass.size).toBe(4 * 5 * 6);
  for (const m of mass.values()) expect(m).toBeCloseTo(all.length / 120, 9);
});

it('only the order of the scores matters: any increasing function of them gives the same p-values', () => {
  const scores = fc.array(fc.integer({ min: -20, max: 20 }), { maxLength: 12 });
  const steps = fc.array(fc.double({ min: 1e-3, max: 1e3, noNaN: true }), { minLength: 41, maxLength: 41 });
  fc.assert(
    fc.property(scores, scores, steps, (calibration, stream, widths) => {
      const heights = widths.map((_, i) => widths.slice(0, i + 1).reduce((a, b) => a + b));
      const increasing = (score: number) => heights[score + 20];
      const plain = new ConformalPValues(calibration);
      const bent = new ConformalPValues(calibration.map(increasing).reverse());
      for (const score of stream)
        expect(bent.next(increasing(score), always(0.37))).toBe(plain.next(score, always(0.37)));
    }),
  );
});

it.each([Number.NaN, Number.POSITIVE_INFINITY])('a score of %s is refused, and changes nothing', (score) => {
  const sentence = `A score of ${score} cannot be ranked; leave the scan out of the stream.`;
  expect(() => new ConformalPValues([1, score])).toThrow(sentence);
  const pValues = new ConformalPValues([1]);
  expect(() => pValues.next(score, always(1))).toThrow(sentence);
  expect(pValues.next(2, always(1))).toBe(1 / 2);
});
