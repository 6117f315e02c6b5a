import { describe, expect, it } from 'vitest';
import { layTiles } from '../../src/maths/window/tiling.js';
import { Forecast } from '../../src/stages/forecast.js';
import { gridOf, scanOf } from '../support/grids.js';

const grid = gridOf(scanOf([1, 1, 1000], 'case_7'));
/** 1000 patches. */
const place = { grid, tiling: layTiles(grid.shape, [1, 1, 1], 1) };

/** Runs patches that take so many seconds, and says after how many the scan was refused. */
function refusedAfter(limit: number, seconds: readonly number[]): number | null {
  let now = 0;
  const pace = new Forecast(limit, () => now);
  for (const [i, s] of seconds.entries()) {
    now += 1000 * s;
    try {
      pace.done(place);
    } catch (error) {
      expect(error).toMatchObject({ code: 'timed-out', option: 'limits.seconds' });
      return i + 1;
    }
  }
  return null;
}

const all = (seconds: number) => new Array<number>(1000).fill(seconds);

describe('a scan that cannot be done in time', () => {
  it('is refused after its first patches, with what it would take', () => {
    let now = 0;
    const pace = new Forecast(100, () => now);
    for (let i = 0; i < 7; i++) {
      now += 500;
      pace.done(place);
    }
    now += 500;
    expect(() => pace.done(place)).toThrow(
      'case_7: has 1000 patches of 0.5 s at the fastest, so that 500 s are still needed and 96 s are left; `limits.seconds` gives a scan longer.',
    );
  });

  it('is not refused where it might just be done', () => {
    expect(refusedAfter(500, all(0.5))).toBeNull();
    expect(refusedAfter(260, all(0.5).slice(0, 20))).toBeNull();
    expect(refusedAfter(240, all(0.5))).toBe(8);
    expect(refusedAfter(Number.POSITIVE_INFINITY, all(1e9))).toBeNull();
  });

  it('is not refused for a slow beginning, a pause or patches that are told of together', () => {
    const slow = [60, 30, 10, 10, ...new Array<number>(996).fill(0.1)];
    expect(refusedAfter(300, slow)).toBeNull();
    const paused = all(0.1);
    paused[500] = 40;
    expect(refusedAfter(150, paused)).toBeNull();
    const inPairs = Array.from({ length: 1000 }, (_, i) => (i % 2 ? 0 : 0.2));
    expect(refusedAfter(101, inPairs)).toBeNull();
    expect(refusedAfter(20, inPairs)).toBe(8);
  });
});
