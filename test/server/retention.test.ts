import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EndedScan, outOfDate } from '../../src/server/retention.js';

const DAY = 86_400_000;
const TODAY = Date.UTC(2026, 5, 1) + DAY / 2;

/** Scans that ended so many days ago, in order of being accepted. */
const ended = (...ago: number[]): EndedScan[] =>
  ago.map((days, i) => ({ id: `${i}: ${days}`, finishedAt: TODAY - days * DAY }));

/** One scan a day for so many days, the last one today. */
const daily = (count: number): EndedScan[] => ended(...Array.from({ length: count }, (_, i) => count - 1 - i));

it('what is older than so many days before the newest goes', () => {
  const { ids, doubt } = outOfDate(daily(40), 30, TODAY);
  expect(ids).toEqual(
    daily(40)
      .slice(0, 9)
      .map(({ id }) => id),
  );
  expect(doubt).toBeNull();
  expect(outOfDate([], 30, TODAY)).toEqual({ ids: [], doubt: null });
});

describe('a clock that is wrong', () => {
  it('removes nothing while no scan comes, however far ahead it is', () => {
    expect(outOfDate(daily(20), 30, TODAY + 365 * DAY)).toEqual({ ids: [], doubt: null });
  });

  it('removes nothing through the scans of two days, and is doubted', () => {
    const scans = [...daily(20), ...ended(-365, -365.1, -366)];
    const { ids, doubt } = outOfDate(scans, 30, TODAY + 367 * DAY);
    expect(ids).toEqual([]);
    expect(doubt).toEqual({ counted: TODAY, newest: TODAY + 366 * DAY });
  });

  it('is doubted too where it jumps twice', () => {
    const scans = [...daily(20), ...ended(-365, -800)];
    expect(outOfDate(scans, 30, TODAY + 801 * DAY)).toEqual({
      ids: [],
      doubt: { counted: TODAY, newest: TODAY + 800 * DAY },
    });
  });

  it('leaves nothing that counts once it is set right', () => {
    const ahead = ended(-365, -366, -367, -368);
    const after = ended(-1).map((scan) => ({ ...scan, id: 'after' }));
    const { ids, doubt } = outOfDate([...daily(40), ...ahead, ...after], 30, TODAY + DAY);
    expect(ids).toEqual(
      daily(40)
        .slice(0, 10)
        .map(({ id }) => id),
    );
    expect(doubt).toBeNull();
  });

  it('that was behind makes no scan old', () => {
    const behind = ended(365, 364).map((scan) => ({ ...scan, id: `behind ${scan.id}` }));
    expect(outOfDate([...daily(20), ...behind, ...ended(0)], 30, TODAY)).toEqual({ ids: [], doubt: null });
  });
});

it('after an idle time the newest scans count when they are of three days', () => {
  const before = ended(200, 199, 198, 197);
  expect(outOfDate([...before, ...ended(1, 0)], 30, TODAY).ids).toEqual([]);
  expect(outOfDate([...before, ...ended(2, 1, 0)], 30, TODAY)).toEqual({
    ids: before.map(({ id }) => id),
    doubt: null,
  });
});

it('with a scan every ten days the last but two counts', () => {
  const scans = ended(60, 50, 40, 30, 20, 10, 0);
  const { ids, doubt } = outOfDate(scans, 30, TODAY);
  expect(ids).toEqual([scans[0]!.id]);
  expect(doubt).toEqual({ counted: TODAY - 20 * DAY, newest: TODAY });
});

it('never removes what is younger than the days by the newest time, nor anything for a clock alone', () => {
  const times = fc.array(fc.integer({ min: 0, max: 3000 }), { maxLength: 30 });
  fc.assert(
    fc.property(times, fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 4000 }), (hours, days, later) => {
      const scans = hours.map((hour, i) => ({ id: String(i), finishedAt: TODAY + hour * 3_600_000 }));
      const newest = Math.max(...scans.map(({ finishedAt }) => finishedAt));
      const { ids } = outOfDate(scans, days, newest + later * DAY);
      for (const id of ids) expect(newest - scans[Number(id)]!.finishedAt).toBeGreaterThan(days * DAY);
      if (scans.length > 0) expect(outOfDate(scans, days, newest).ids).toEqual(ids);
      // The clock is set right again, and what lies ahead of it does not count.
      expect(outOfDate(scans, days, TODAY - DAY)).toEqual({ ids: [], doubt: null });
    }),
  );
});
