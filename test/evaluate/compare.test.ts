import { describe, expect, it } from 'vitest';
import { compare, comparing } from '../../src/evaluate/compare.js';
import { inTurns } from '../../src/evaluate/steps.js';
import { scored } from '../support/scored.js';

describe('compare', () => {
  it('names no winner where the difference may be chance, and one where it is not', () => {
    const id = Array.from({ length: 30 }, (_, i): [number, number] => [i / 30, 0.9]);
    const far = Array.from({ length: 30 }, (_, i): [number, number] => [2 + i / 30, 0.2]);
    const near = Array.from({ length: 30 }, (_, i): [number, number] => [0.1 + i / 30, 0.2]);
    const val = [0.2, 0.5, 0.8];
    const options = { resamples: 200, seed: 3 };
    const apart = compare({ good: scored(val, id, far), bad: scored(val, id, near) }, options);
    expect(apart.best.auroc).toEqual({ method: 'good', indistinguishable: [] });
    expect(apart.intervals.good!.auroc).toEqual({ low: 1, high: 1 });
    const same = compare({ one: scored(val, id, near), other: scored(val, id, near.toReversed()) }, options);
    expect(same.best.auroc!.indistinguishable.length).toBe(1);
  });

  it('compares every other method with one that is named, scan by scan', () => {
    const id = Array.from({ length: 30 }, (_, i): [number, number] => [i / 30, 0.9]);
    const far = Array.from({ length: 30 }, (_, i): [number, number] => [2 + i / 30, 0.2]);
    const near = Array.from({ length: 30 }, (_, i): [number, number] => [0.1 + i / 30, 0.2]);
    const methods = {
      good: scored([0.5, 0.8], id, far),
      bad: scored([0.5, 0.8], id, near),
      same: scored([0.5, 0.8], id, far),
    };
    const { against, intervals } = compare(methods, { resamples: 200, seed: 3, against: 'good' });
    expect(Object.keys(against!.differences)).toEqual(['bad', 'same']);
    // There are 900 pairs. Those with the OOD scan below, (27 * 26) / 2, and the 27 ties, halved,
    // are lost: 351 + 13.5.
    const difference = against!.differences.bad!.auroc!;
    expect(difference.value).toBeCloseTo(-(351 + 13.5) / 900, 1);
    expect(difference.high).toBeLessThan(0);
    // The other has 1 in every resample, so that the difference is the interval of the one, less 1.
    expect(difference.low).toBeCloseTo(intervals.bad!.auroc!.low - 1, 12);
    expect(against!.differences.same!.auroc).toEqual({ value: 0, low: 0, high: 0 });
    expect(compare(methods, { resamples: 2, seed: 3, against: 'another' }).against).toBeNull();
    expect(compare(methods, { resamples: 2, seed: 3 }).against).toBeNull();
  });

  it('lets timers have their turn, and gives the same numbers', async () => {
    const many = Array.from({ length: 60 }, (_, i): [number, number] => [i / 60, 0.9]);
    const far = Array.from({ length: 60 }, (_, i): [number, number] => [0.5 + i / 60, 0.2]);
    const methods = { one: scored([0.5, 0.8], many, far), other: scored([0.5, 0.8], far, many) };
    const options = { resamples: 2000, seed: 1 };
    let beats = 0;
    const heart = setInterval(() => beats++, 1);
    const found = await inTurns(comparing(methods, options));
    clearInterval(heart);
    expect(beats).toBeGreaterThan(1);
    expect(found).toEqual(compare(methods, options));
  });

  it('ends between two resamples when it is aborted', async () => {
    const steps = (function* (): Generator<void, never> {
      for (;;) yield;
    })();
    await expect(inTurns(steps, AbortSignal.abort())).rejects.toMatchObject({ code: 'aborted' });
  });
});
