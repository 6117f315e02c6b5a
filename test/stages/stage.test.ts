import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { stage } from '../../src/stages/stage.js';
import { collect } from '../support/streams.js';

const numbers = (n: number) => Readable.from(Array.from({ length: n }, (_, i) => i));
const identity = () =>
  stage<number, number>(
    { name: 'identity' },
    {
      *transform(n) {
        yield n;
      },
    },
  );

it('keeps at most a handful of chunks alive across five stages and a slow reader', async () => {
  let live = 0;
  let peak = 0;
  const source = stage<number, number>(
    { name: 'source' },
    {
      async *transform(n) {
        for (let i = 0; i < 50; i++) {
          peak = Math.max(peak, ++live);
          yield n * 50 + i;
        }
      },
    },
  );
  const seen: number[] = [];
  const sink = new Writable({
    objectMode: true,
    highWaterMark: 1,
    write(n: number, _encoding, done) {
      setTimeout(() => {
        live--;
        seen.push(n);
        done();
      }, 0);
    },
  });
  await pipeline(numbers(4), source, identity(), identity(), identity(), identity(), sink);
  expect(seen).toEqual(Array.from({ length: 200 }, (_, i) => i));
  expect(peak).toBeLessThanOrEqual(12);
});

it('flushes what is left and closes once, at the end', async () => {
  const events: string[] = [];
  const sum = () => {
    let total = 0;
    return stage<number, number>(
      { name: 'sum' },
      {
        *transform(n) {
          total += n;
        },
        *flush() {
          events.push('flush');
          yield total;
        },
        close() {
          events.push('close');
        },
      },
    );
  };
  expect(await collect(numbers(5), sum())).toEqual([10]);
  expect(events).toEqual(['flush', 'close']);
});

it('lets an error travel, closes, and aborts what is waiting', async () => {
  let closed = 0;
  let aborted = false;
  const waiting = stage<number, number>(
    { name: 'waiting' },
    {
      async *transform(_n, signal) {
        await new Promise((_, reject) =>
          signal.addEventListener('abort', () => {
            aborted = true;
            reject(new Error('let go'));
          }),
        );
      },
      close() {
        closed++;
      },
    },
  );
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 20);
  await expect(pipeline(numbers(3), waiting, async () => {}, { signal: controller.signal })).rejects.toMatchObject({
    name: 'AbortError',
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect([closed, aborted]).toEqual([1, true]);

  const failing = stage<number, number>(
    { name: 'failing' },
    {
      transform() {
        throw new RangeError('no');
      },
    },
  );
  await expect(pipeline(numbers(3), identity(), failing, identity(), async () => {})).rejects.toThrow('no');
});
