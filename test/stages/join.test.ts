import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Slice, Triple } from '../../src/chunks.js';
import { join } from '../../src/stages/join.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

describe('join', () => {
  function* slices(shape: Triple, first: number, name = 'case'): Generator<Slice> {
    const grid = gridOf(scanOf(shape, name));
    for (let z = 0; z < shape[0]; z++) {
      const data = Float32Array.from({ length: shape[1] * shape[2] }, (_, i) => first + 10 * z + i);
      yield { grid, z, data: ndarray(data, [1, shape[1], shape[2]]) };
    }
  }
  const stream = (chunks: Iterable<unknown>) => Readable.from(chunks, { highWaterMark: 1 });

  it('puts the channels of a case side by side', async () => {
    const channels = [stream(slices([3, 1, 2], 100)), stream(slices([3, 1, 2], 200))];
    const joined = await collect<Slice>(stream(slices([3, 1, 2], 0)), join({ channels }));
    expect(joined.map(({ z, data }) => [z, data.shape, [...data.data]])).toEqual([
      [0, [3, 1, 2], [0, 1, 100, 101, 200, 201]],
      [1, [3, 1, 2], [10, 11, 110, 111, 210, 211]],
      [2, [3, 1, 2], [20, 21, 120, 121, 220, 221]],
    ]);
    expect(joined[2].grid).toBe(joined[0].grid);
    expect([joined[0].grid.channels, joined[0].grid.scan.channels]).toEqual([3, 3]);
  });

  it('refuses channels of other shapes, and one that ends early', async () => {
    const joining = (other: Iterable<Slice>) =>
      collect(stream(slices([3, 1, 2], 0)), join({ channels: [stream(other)] }));
    await expect(joining(slices([3, 2, 1], 0))).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message:
        'case: channel 1 has 3x2x1 voxels and channel 0 3x1x2; resample the channels of a case to one grid first.',
    });
    await expect(joining([...slices([3, 1, 2], 0)].slice(0, 2))).rejects.toMatchObject({
      code: 'truncated',
      message: 'case: channel 1 has only 2 of 3 slices.',
    });
  });

  it('tells of an error in any channel', async () => {
    const broken = stream(
      (function* () {
        yield* [...slices([3, 1, 2], 0)].slice(0, 1);
        throw new Error('no more');
      })(),
    );
    await expect(collect(stream(slices([3, 1, 2], 0)), join({ channels: [broken] }))).rejects.toThrow('no more');
  });

  it('lets go of the other channels when it is destroyed, and reads them to their ends when it is not', async () => {
    for (const whole of [false, true]) {
      let ended = '';
      const other = async function* () {
        try {
          yield* slices([3, 1, 2], 100);
          ended = 'read to its end';
        } finally {
          ended ||= 'let go';
        }
      };
      const joined = join({ channels: [other()] });
      const source = stream(slices([3, 1, 2], 0));
      if (whole) source.pipe(joined).resume();
      else {
        joined.write([...slices([3, 1, 2], 0)][0]);
        joined.once('data', () => joined.destroy());
      }
      await finished(joined).catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended).toBe(whole ? 'read to its end' : 'let go');
    }
  });
});
