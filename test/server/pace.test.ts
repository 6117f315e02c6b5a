import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limitsOf } from '../../src/limits.js';
import { Allowance, Pace } from '../../src/server/pace.js';

/** Seconds until a sender of so many bytes every so many seconds has none left. */
function lasts(bytes: number, every: number, limits: { stall: number; throughput: number }, most: number): number {
  const allowance = new Allowance(limits);
  for (let time = 0; time < most; time += every) {
    if (allowance.left < every) return time + allowance.left;
    allowance.waited(every);
    allowance.came(bytes);
  }
  return most;
}

describe('the allowance', () => {
  it('of who sends nothing is the stall limit', () => {
    expect(lasts(0, 1, { stall: 60, throughput: 4096 }, 1000)).toBe(60);
  });

  it('of who sends a byte in two seconds is a minute too', () => {
    expect(lasts(1, 2, { stall: 60, throughput: 4096 }, 1000)).toBeCloseTo(60, 1);
  });

  it('of who sends half of what is asked is twice as long', () => {
    expect(lasts(2048, 1, { stall: 60, throughput: 4096 }, 1000)).toBeGreaterThan(117);
    expect(lasts(2048, 1, { stall: 60, throughput: 4096 }, 1000)).toBeLessThan(121);
  });

  it('never ends for who sends what is asked, in pieces of any size that come before the stall limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 59 }), fc.integer({ min: 1, max: 10_000 }), (every, throughput) => {
        expect(lasts(throughput * every, every, { stall: 60, throughput }, 5000)).toBe(5000);
      }),
    );
  });
});

describe('the pace', () => {
  const never = new AbortController().signal;
  const pace = (limits: object, signal = never) =>
    new Pace('p1', limitsOf({ stall: 0.2, throughput: 1e6, ...limits }), signal);
  const after = (ms: number) => new Promise((resolve) => setTimeout(() => resolve('here'), ms));

  it('gives what comes in time', async () => {
    expect(await pace({}).next(after(20))).toBe('here');
    await expect(pace({}).next(Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  });

  it('says that nothing came', async () => {
    await expect(pace({}).next(after(2000))).rejects.toMatchObject({
      code: 'timed-out',
      option: 'limits.stall',
      message: expect.stringMatching(/^p1: no byte came for 0\.2 s/),
    });
  });

  it('says that too little came', async () => {
    const slow = pace({});
    const drip = async () => {
      for (;;) {
        await slow.next(after(50));
        slow.came(1);
      }
    };
    await expect(drip()).rejects.toMatchObject({
      code: 'timed-out',
      option: 'limits.throughput',
      message: expect.stringMatching(/^p1: came at \d+(\.\d+)? bytes a second, and 1000000 are the fewest/),
    });
  });

  it('says that all of it took too long', async () => {
    const long = pace({ seconds: 0.1, stall: 10 });
    await expect(long.next(after(2000))).rejects.toMatchObject({ code: 'timed-out', option: 'limits.seconds' });
  });

  it('ends when nobody wants the scan any more', async () => {
    const controller = new AbortController();
    const waiting = pace({ stall: 10 }, controller.signal).next(after(2000));
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await expect(pace({ stall: 10 }, controller.signal).next(after(10))).rejects.toMatchObject({ code: 'aborted' });
  });
});
