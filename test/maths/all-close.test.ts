import { expect, it } from 'vitest';
import { allClose } from '../../src/maths/all-close.js';

it('has the tolerances of numpy.allclose, relative to the second', () => {
  expect(allClose([1, -2, 0], [1.00001, -2.00002, 1e-8])).toBe(true);
  expect(allClose([100_001], [100_000])).toBe(true);
  expect(allClose([100_001.1], [100_000])).toBe(false);
  expect(allClose([0], [1.1e-8])).toBe(false);
  expect(allClose([1], [1, 1])).toBe(false);
  expect(allClose([Number.NaN], [Number.NaN])).toBe(false);
});
