import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DEFAULT_QUIET, Gatherer, type Quiet } from '../../../src/server/dicom/gather.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const seconds = (n: number) => vi.advanceTimersByTime(1000 * n);

function gatherer(quiet: Partial<Quiet> = {}) {
  const complete: string[][] = [];
  const clock = { now: () => Date.now(), elapsed: () => performance.now() };
  const gathering = new Gatherer({ ...DEFAULT_QUIET, ...quiet }, clock, (folders) => complete.push([...folders]));
  return { gathering, complete };
}

it('takes a series for complete a minute after its last file', () => {
  const { gathering, complete } = gatherer();
  gathering.add('a.1');
  seconds(59);
  gathering.add('a.1');
  gathering.add('a.2');
  seconds(59);
  expect([complete, gathering.size]).toEqual([[], 2]);
  seconds(2);
  expect(complete.sort()).toEqual([['a.1'], ['a.2']]);
  gathering.add('a.1');
  seconds(61);
  expect(complete).toHaveLength(3);
});

it('waits for a sender that was cut off, until it has come again', () => {
  const { gathering, complete } = gatherer();
  gathering.add('a.1');
  gathering.cut('a.1');
  seconds(3600);
  expect(complete).toEqual([]);
  gathering.add('a.1');
  seconds(61);
  expect(complete).toEqual([['a.1']]);
  gathering.add('b.1');
  gathering.cut('b.1');
  gathering.cut('nobody.1');
  seconds(5401);
  expect(complete).toEqual([['a.1'], ['b.1']]);
  const now = Date.now();
  gathering.restore({ name: 'c.1', first: now - 100_000, last: now - 90_000, isCut: true });
  seconds(100);
  expect(complete).toHaveLength(2);
});

it('takes it for complete after an hour and a half in any case', () => {
  const { gathering, complete } = gatherer();
  for (let i = 0; i < 5398; i += 30) {
    gathering.add('a.1');
    seconds(30);
  }
  gathering.add('a.1');
  seconds(1);
  expect(complete.length).toBe(1);
});

it('takes all series of a study together, a quarter of an hour after the last', () => {
  const { gathering, complete } = gatherer({ by: 'study' });
  gathering.add('a.1');
  seconds(800);
  gathering.add('a.2');
  gathering.add('b.3');
  seconds(800);
  expect(complete).toEqual([]);
  seconds(101);
  expect(complete.sort()).toEqual([['a.1', 'a.2'], ['b.3']]);
});

it('goes on with times of before, also of a clock that was ahead', () => {
  const { gathering, complete } = gatherer();
  const now = Date.now();
  gathering.restore({ name: 'a.1', first: now - 50_000, last: now - 50_000, isCut: false });
  gathering.restore({ name: 'a.2', first: now - 7_200_000, last: now - 1000, isCut: false });
  gathering.restore({ name: 'a.3', first: now + 9e9, last: now + 9e9, isCut: false });
  seconds(1);
  expect(complete).toEqual([['a.2']]);
  seconds(10);
  expect(complete).toEqual([['a.2'], ['a.1']]);
  seconds(50);
  expect(complete).toEqual([['a.2'], ['a.1'], ['a.3']]);
});

it('says nothing after it was stopped', () => {
  const { gathering, complete } = gatherer();
  gathering.add('a.1');
  gathering.stop();
  gathering.add('a.1');
  seconds(100);
  expect(complete).toEqual([]);
});
