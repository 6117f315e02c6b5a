import { expect, it } from 'vitest';
import { DEFAULT_LIMITS, limitsOf } from '../src/limits.js';

it('refuses limits that are none', () => {
  expect(limitsOf()).toEqual(DEFAULT_LIMITS);
  expect(limitsOf({ slices: 5, bytes: undefined })).toEqual({ ...DEFAULT_LIMITS, slices: 5 });
  for (const wrong of [{ slices: 0 }, { slices: -1 }, { ratio: Number.NaN }, { toString: 5 }, { depth: 5 }])
    expect(() => limitsOf(wrong as object)).toThrow(expect.objectContaining({ code: 'usage' }));
});
