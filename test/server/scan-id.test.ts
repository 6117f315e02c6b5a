import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isScanId, scanIds } from '../../src/server/scan-id.js';

it('the first 48 bits are the time, the next four the version, then the counter', () => {
  // RFC 9562, appendix A.6: 2022-02-22 14:22:22 -05:00 is 017F22E2-79B0-7…
  const next = scanIds(() => 0x017f22e279b0);
  expect(next()).toMatch(/^017f22e2-79b0-7000-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(next()).toMatch(/^017f22e2-79b0-7001-/);
});

it('a millisecond with more than 4,096 ids borrows from the next one', () => {
  const next = scanIds(() => 1000);
  const ids = Array.from({ length: 4098 }, next);
  expect(ids[4095]).toMatch(/^00000000-03e8-7fff-/);
  expect(ids[4096]).toMatch(/^00000000-03e9-7000-/);
  expect(ids[4097]).toMatch(/^00000000-03e9-7001-/);
});

it('ids sort by the order in which they were made, whatever the clock does, and behind those of the process before', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 2 }), fc.nat(), (clock, cut) => {
      let tick = 0;
      const now = () => clock[tick++ % clock.length];
      const first = scanIds(now);
      const ids = Array.from({ length: 1 + (cut % clock.length) }, first);
      const second = scanIds(now, ids.at(-1)!);
      ids.push(...clock.map(second));
      expect([...ids].sort()).toEqual(ids);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.every(isScanId)).toBe(true);
    }),
  );
});

it.each(['', '../x', '017f22e2-79b0-4000-8000-000000000000', '017F22E2-79B0-7000-8000-000000000000', '0'.repeat(36)])(
  '%j is no id',
  (text) => {
    expect(isScanId(text)).toBe(false);
  },
);
