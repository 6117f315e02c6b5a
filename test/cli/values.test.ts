import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { fraction, level, limits, threads, wholeNumber } from '../../src/cli/values.js';
import { mostThreads } from '../../src/network/inference/options.js';

const NO_NUMBERS = ['', ' ', 'x', '0x10', '0b1', '1e400', 'Infinity', '-Infinity', 'NaN', '-1', '1_000', '1,5', '١'];

describe('numbers of the command line', () => {
  it.each([wholeNumber, fraction, level, threads])('%o refuses what is none', (read) => {
    for (const text of NO_NUMBERS) expect(() => read(text), text).toThrow(InvalidArgumentError);
  });

  it('are read as people write them', () => {
    expect(wholeNumber('16')).toBe(16);
    expect(wholeNumber('007')).toBe(7);
    expect(() => wholeNumber('9007199254740993')).toThrow(InvalidArgumentError);
    expect(fraction('.5')).toBe(0.5);
    expect(fraction('1.')).toBe(1);
    expect(level('5e-2')).toBe(0.05);
  });

  it('of threads are as many as help', () => {
    expect(threads('1')).toBe(1);
    expect(threads(String(mostThreads()))).toBe(mostThreads());
    expect(() => threads(String(mostThreads() + 1))).toThrow(/^Give at most \d+: this process may use \d+ cores, /);
  });
});

describe('limits of the command line', () => {
  it('come one at a time, and the last of a name counts', () => {
    expect(limits('seconds=60', limits('slices=1e3'))).toEqual({ slices: 1000, seconds: 60 });
    expect(limits('stall=3000000', { stall: 1 })).toEqual({ stall: 3_000_000 });
  });

  it('are refused where they are none, with one that is', () => {
    for (const text of NO_NUMBERS)
      expect(() => limits(`stall=${text}`), text).toThrow('Give the limit as a number above 0: stall=600.');
    for (const text of ['stall', 'stall=1=2']) expect(() => limits(text), text).toThrow(/^Give the limit/);
    for (const text of ['stall=0', 'depth=5', '=5', 'toString=5'])
      expect(() => limits(text), text).toThrow(/: choose from slices, .*, and a number above 0\.$/);
  });
});
