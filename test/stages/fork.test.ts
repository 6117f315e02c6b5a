import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { fork } from '../../src/stages/fork.js';
import { collect } from '../support/streams.js';

describe('fork', () => {
  it('gives every chunk to both, in order', async () => {
    const seen: number[] = [];
    const branch = async (chunks: AsyncIterable<number>) => {
      for await (const chunk of chunks) seen.push(chunk);
    };
    expect(await collect<number>([1, 2, 3, 4], fork(branch))).toEqual([1, 2, 3, 4]);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('lets the slower one set the pace, on either side', async () => {
    for (const slow of ['branch', 'main']) {
      let [made, taken, most] = [0, 0, 0];
      const source = Readable.from(
        (function* () {
          for (; made < 40; made++) {
            most = Math.max(most, made - taken);
            yield made;
          }
        })(),
        { highWaterMark: 1 },
      );
      const wait = () => new Promise((resolve) => setTimeout(resolve, 1));
      const stepping = fork<number>(async (chunks) => {
        for await (const _ of chunks) {
          if (slow !== 'branch') continue;
          await wait();
          taken++;
        }
      });
      const sink = new Writable({
        objectMode: true,
        highWaterMark: 1,
        write(_chunk, _encoding, done) {
          if (slow !== 'main') return done();
          wait().then(() => {
            taken++;
            done();
          });
        },
      });
      await pipeline(source, stepping, sink);
      expect(most).toBeLessThanOrEqual(8);
    }
  });

  it('ends both where one fails', async () => {
    const broken = fork<number>(async (chunks) => {
      for await (const chunk of chunks) if (chunk === 2) throw new Error('the branch broke');
    });
    await expect(collect([1, 2, 3, 4, 5, 6], broken)).rejects.toThrow('the branch broke');

    let told: unknown = 'nothing';
    const listening = fork<number>(async (chunks) => {
      try {
        for await (const _ of chunks);
        told = 'the end';
      } catch (error) {
        told = error;
        throw error;
      }
    });
    const failing = async (chunks: AsyncIterable<number>) => {
      for await (const chunk of chunks) if (chunk === 2) throw new Error('the trunk broke');
    };
    await expect(pipeline(Readable.from([1, 2, 3]), listening, failing)).rejects.toThrow('the trunk broke');
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBeInstanceOf(Error);
  });

  it('waits for a branch that is still at work when the chunks have ended', async () => {
    let finished = false;
    const lingering = fork<number>(async (chunks) => {
      for await (const _ of chunks);
      await new Promise((resolve) => setTimeout(resolve, 20));
      finished = true;
    });
    await collect([1], lingering);
    expect(finished).toBe(true);
  });

  it('goes on without a branch that has had enough', async () => {
    const first = fork<number>(async (chunks) => {
      for await (const _ of chunks) return;
    });
    expect((await collect([1, 2, 3, 4, 5], first)).length).toBe(5);
  });
});
