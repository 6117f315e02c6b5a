import { expect, it } from 'vitest';
import { familiesOf, withoutFamily } from '../../../src/detectors/quality/learn.js';
import { shuffled } from '../../../src/detectors/quality/stress.js';
import { simulatedCases } from '../../support/quality.js';

const cases = simulatedCases(4, 1, ['b', 'a']);

it('families are those of the shifted copies', () => {
  expect(familiesOf(cases)).toEqual(['a', 'b']);
  expect(familiesOf(withoutFamily(cases, 'a'))).toEqual(['b']);
  expect(withoutFamily(cases, 'a').map(({ passes }) => passes.length)).toEqual([2, 2, 2, 2]);
});

it('an order of chance does not hang on the order before', () => {
  const names = Array.from({ length: 50 }, (_, i) => `case-${i}`);
  const order = shuffled(names, (name) => name);
  expect(shuffled(names.toReversed(), (name) => name)).toEqual(order);
  expect(order).not.toEqual(names);
  expect([...order].sort()).toEqual([...names].sort());
});
