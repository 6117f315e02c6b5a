import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bell, random } from '../../examples/phantom/random.js';
import { DriftStream, type StreamScore } from '../../src/drift/stream.js';

const at = '2024-01-01T00:00:00.000Z';

const scan = (score: number, i: number): StreamScore => ({ id: `scan ${i}`, at, score });

const calibration = [1, 2, 3, 4, 5];

/** n seeded scores, higher by `shift` from scan `from` on. */
function normal(seed: number, n: number, { from = n, shift = 0 } = {}): StreamScore[] {
  const next = random(seed);
  return Array.from({ length: n }, (_, i) => scan(bell(next) + (i < from ? 0 : shift), i));
}

it('starts with nothing shown', () => {
  expect(new DriftStream({ calibration, name: 'a' }).state).toEqual({
    n: 0,
    level: 0.01,
    martingale: 1,
    log10: 0,
    alarm: false,
    alarmAt: null,
    points: [],
  });
});

it('an alarm is raised by the scan with which the martingale reaches 1 / level, and stays', () => {
  const stream = new DriftStream({ calibration: Array.from({ length: 40 }, (_, i) => i), name: 'a' });
  let [i, last] = [0, 0];
  while (!stream.state.alarm) {
    last = stream.state.log10;
    expect(stream.add(scan(100 + i, i++)).log10).toBe(stream.state.log10);
    expect(i).toBeLessThan(20);
  }
  expect(last).toBeLessThan(2);
  expect(stream.state.log10).toBeGreaterThanOrEqual(2);
  expect(stream.state.martingale).toBeCloseTo(10 ** stream.state.log10, 9);
  expect(stream.state.alarmAt).toBe(`scan ${i - 1}`);
  for (let j = 0; j < 200; j++) stream.add(scan(-j, i + j));
  expect(stream.state.log10).toBeLessThan(2);
  expect(stream.state).toMatchObject({ alarm: true, alarmAt: `scan ${i - 1}` });
});

it('a lower level is reached later or never', () => {
  const scores = normal(1, 300, { from: 100, shift: 1 });
  const first = [0.5, 0.05, 0.01, 1e-4].map((level) => {
    const stream = new DriftStream({ calibration: normal(2, 40).map(({ score }) => score), name: 'a', level });
    for (const score of scores) stream.add(score);
    const { alarmAt } = stream.state;
    return alarmAt === null ? Number.POSITIVE_INFINITY : Number(alarmAt.slice(5));
  });
  expect([...first].sort((a, b) => a - b)).toEqual(first);
  expect(first[2]).toBeLessThan(200);
});

it('the same stream is the same again: one that is brought back goes on as if it had never ended', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }),
      fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }),
      fc.shuffledSubarray(calibration, { minLength: calibration.length }),
      (before, after, shuffled) => {
        const one = new DriftStream({ calibration, name: 'a' });
        const scans = [...before, ...after].map(scan);
        for (const point of scans) one.add(point);
        const other = new DriftStream({ calibration: shuffled, name: 'a' });
        for (const point of scans.slice(0, before.length)) other.add(point);
        const again = new DriftStream({ calibration: new Set(calibration), name: 'a' });
        for (const { id, at, score } of other.state.points) again.add({ id, at, score });
        for (const point of scans.slice(before.length)) again.add(point);
        expect(again.state).toEqual(one.state);
      },
    ),
  );
});

it('keeps the last points only, and all that they come from', () => {
  const whole = new DriftStream({ calibration, name: 'a' });
  const short = new DriftStream({ calibration, name: 'a', keep: 10 });
  for (const [i, point] of normal(3, 105).entries()) {
    whole.add(point);
    short.add(point);
    expect(short.state).toEqual({ ...whole.state, points: whole.state.points.slice(-10) });
    expect(short.state.points).toHaveLength(Math.min(i + 1, 10));
  }
});

it('a score that is not finite is refused, and the stream goes on as if it had not been', () => {
  const [one, other] = [1, 2].map(() => new DriftStream({ calibration, name: 'a' })) as [DriftStream, DriftStream];
  expect(() => one.add(scan(Number.NaN, 0))).toThrow('A score of NaN cannot be ranked');
  for (const point of normal(4, 5)) expect(one.add(point)).toEqual(other.add(point));
});

it.each([0, 1, -0.1, Number.NaN])('a level of %s is refused', (level) => {
  expect(() => new DriftStream({ calibration, name: 'a', level })).toThrow(
    `The level of a drift test lies between 0 and 1, not at ${level}; .01 is usual.`,
  );
});

it('a martingale beyond all numbers is the largest one, and its logarithm goes on', () => {
  const stream = new DriftStream({ calibration: Array.from({ length: 3000 }, (_, i) => i), name: 'a' });
  for (let i = 0; i < 700; i++) stream.add(scan(1e6 + i, i));
  expect(stream.state.log10).toBeGreaterThan(310);
  expect(stream.state.martingale).toBe(Number.MAX_VALUE);
});

it('takes on a hundred thousand scans in seconds', () => {
  const next = random(5);
  const stream = new DriftStream({ calibration, name: 'a', keep: 0 });
  const started = performance.now();
  for (let i = 0; i < 100_000; i++) stream.add(scan(next(), i));
  // About half a second here; ranking by counting takes minutes.
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(stream.state.n).toBe(100_000);
});
