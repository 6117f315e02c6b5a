import { expect, it } from 'vitest';
import { ClockWatch, systemClock } from '../../src/server/clock.js';

const HOUR = 3_600_000;

it('a clock that runs as time passes has not jumped, nor one that sets itself right', () => {
  let [now, elapsed] = [1_000_000, 500];
  const watch = new ClockWatch({ now: () => now, elapsed: () => elapsed });
  expect(watch.jump).toBe(0);
  now += 90 * 24 * HOUR;
  elapsed += 90 * 24 * HOUR;
  expect(watch.jump).toBe(0);
  now += 0.9 * HOUR;
  expect(watch.jump).toBe(0);
});

it('a clock that was set has jumped, until it is set back', () => {
  let now = 0;
  const watch = new ClockWatch({ now: () => now, elapsed: () => 0 });
  now = 365 * 24 * HOUR;
  expect(watch.jump).toBe(365 * 24 * HOUR);
  now = -2 * HOUR;
  expect(watch.jump).toBe(-2 * HOUR);
  now = 10;
  expect(watch.jump).toBe(0);
});

it("the system's clock does not jump", () => {
  expect(new ClockWatch(systemClock).jump).toBe(0);
});
