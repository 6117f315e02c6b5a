import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';
import { tee } from '../../src/server/tee.js';

/** Keeps what is written, and takes as long over each chunk as it is told. */
function slow(ms: number) {
  const chunks: string[] = [];
  const stream = new Writable({
    highWaterMark: 1,
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      setTimeout(done, ms);
    },
  });
  return { chunks, stream };
}

it('gives each stream every byte, at the pace of the slowest, and ends them all', async () => {
  const fast = slow(0);
  const late = slow(20);
  async function* source() {
    for (const text of ['a', 'b', 'c']) {
      yield text;
      // The one that is behind by a chunk at most holds the source back.
      expect(fast.chunks.length - late.chunks.length).toBeLessThanOrEqual(1);
    }
  }
  await pipeline(source(), tee(fast.stream, late.stream));
  expect([fast.chunks, late.chunks]).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
  ]);
  expect([fast.stream.writableFinished, late.stream.writableFinished]).toEqual([true, true]);
});

it('fails with whichever fails, and destroys the others', async () => {
  const good = slow(0);
  const full = new Writable({
    write(_chunk, _encoding, done) {
      done(new Error('the disk is full'));
    },
  });
  full.on('error', () => {});
  good.stream.on('error', () => {});
  await expect(pipeline(['a'], tee(good.stream, full))).rejects.toThrow('the disk is full');
  expect(good.stream.destroyed).toBe(true);
});
