import { expect, it } from 'vitest';
import { DEFAULT_LIMITS, limitsOf, timerMs } from '../src/limits.js';

it('refuses limits that are none', () => {
  expect(limitsOf()).toEqual(DEFAULT_LIMITS);
  expect(limitsOf({ slices: 5, bytes: undefined })).toEqual({ ...DEFAULT_LIMITS, slices: 5 });
  for (const wrong of [{ slices: 0 }, { slices: -1 }, { ratio: Number.NaN }, { toString: 5 }, { depth: 5 }])
    expect(() => limitsOf(wrong as object)).toThrow(expect.objectContaining({ code: 'usage' }));
});

it('gives timers no more than they take', () => {
  expect(timerMs(0.05)).toBe(50);
  expect(timerMs(2_147_483)).toBe(2_147_483_000);
  for (const seconds of [3_000_000, 1e300, Number.POSITIVE_INFINITY]) expect(timerMs(seconds)).toBe(2 ** 31 - 1);
});
