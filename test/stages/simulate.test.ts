import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Slice } from '../../src/chunks.js';
import type { Shift } from '../../src/simulate/shift.js';
import { simulate } from '../../src/stages/simulate.js';
import { gridOf, scanOf } from '../support/grids.js';

const slices = (channels = 1): Slice[] => {
  const grid = gridOf(scanOf([3, 1, 2]), { channels });
  return [0, 1, 2].map((z) => ({ grid, z, data: ndarray(new Float32Array(2 * channels).fill(z), [channels, 1, 2]) }));
};

async function shifted(chunks: Slice[], options: Parameters<typeof simulate>[0]): Promise<[number, number[]][]> {
  const found: [number, number[]][] = [];
  await pipeline(Readable.from(chunks), simulate(options), async (out: AsyncIterable<Slice>) => {
    for await (const { grid, z, data } of out) {
      expect([grid, data.shape]).toEqual([chunks[0].grid, [1, 1, 2]]);
      found.push([z, [...data.data]]);
    }
  });
  return found;
}

/** Adds a hundred to the mean of two slices. */
const shift = {
  name: 'by hand',
  at:
    () =>
    ({ data }: { readonly data: Float32Array }) =>
      data.map((value) => value + 100),
  thickness: () => 2,
} as unknown as Shift;

describe('the simulate stage', () => {
  it('shifts every slice, those that wait for others at the end too', async () => {
    expect(await shifted(slices(), { shift, grade: 1 })).toEqual([
      [0, [100.5, 100.5]],
      [1, [100.5, 100.5]],
      [2, [102, 102]],
    ]);
  });

  it('leaves the truth as it is where the shift does nothing to it', async () => {
    expect(await shifted(slices(), { shift, grade: 1, of: 'truth' })).toEqual([
      [0, [0, 0]],
      [1, [1, 1]],
      [2, [2, 2]],
    ]);
  });

  it('is for scans of one channel', async () => {
    await expect(shifted(slices(2), { shift, grade: 1 })).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message: 'case: has 2 channels; shifts are simulated on a scan of one.',
    });
  });
});
