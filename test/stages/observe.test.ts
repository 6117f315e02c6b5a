import { describe, expect, it } from 'vitest';
import { observe } from '../../src/stages/observe.js';
import { collect } from '../support/streams.js';

describe('observe', () => {
  it('shows every chunk and passes the very same on, in order', async () => {
    const chunks = [{ n: 1 }, { n: 2 }, { n: 3 }];
    const seen: object[] = [];
    const passed = await collect<object>(
      chunks,
      observe<object>((chunk) => void seen.push(chunk)),
    );
    for (const [i, chunk] of chunks.entries()) {
      expect(seen[i]).toBe(chunk);
      expect(passed[i]).toBe(chunk);
    }
    expect([seen.length, passed.length]).toEqual([3, 3]);
  });

  it('holds the stream back until what it shows is done with', async () => {
    const events: string[] = [];
    const slow = observe<number>(async (n) => {
      events.push(`shown ${n}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      events.push(`done ${n}`);
    });
    await collect(
      [1, 2],
      slow,
      observe<number>((n) => void events.push(`behind ${n}`)),
    );
    expect(events).toEqual(['shown 1', 'done 1', 'behind 1', 'shown 2', 'done 2', 'behind 2']);
  });

  it('ends the stream with the error of who looks', async () => {
    const broken = observe<number>((n) => {
      if (n === 2) throw new Error('no more');
    });
    await expect(collect([1, 2, 3], broken)).rejects.toThrow('no more');
    const later = observe<number>(() => Promise.reject(new Error('not now')));
    await expect(collect([1], later)).rejects.toThrow('not now');
  });
});
