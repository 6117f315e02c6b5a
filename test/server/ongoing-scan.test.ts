import { expect, it } from 'vitest';
import { OngoingScan } from '../../src/server/ongoing-scan.js';

it('tells whoever comes late how far the scan is, and those who left nothing more', () => {
  const scan = new OngoingScan();
  expect(scan.progress).toBeNull();
  const first: string[] = [];
  const leave = scan.watch(
    ({ patches }) => first.push(`${patches}`),
    () => first.push('end'),
  );
  scan.advance({ patches: 1, total: 3 });
  const second: string[] = [];
  scan.watch(
    ({ patches }) => second.push(`${patches}`),
    () => second.push('end'),
  );
  leave();
  scan.advance({ patches: 2, total: 3 });
  scan.end();
  expect(scan.progress).toEqual({ patches: 2, total: 3 });
  expect([first, second]).toEqual([['1'], ['1', '2', 'end']]);
});

it('stops when it is given up', () => {
  const scan = new OngoingScan();
  expect(scan.signal.aborted).toBe(false);
  scan.cancel();
  expect(scan.signal.aborted).toBe(true);
});
