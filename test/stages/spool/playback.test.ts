import { describe, expect, it } from 'vitest';
import type { Grid, Slice } from '../../../src/chunks.js';
import { playBack, type SliceStore } from '../../../src/stages/spool/playback.js';
import { gridOf, scanOf } from '../../support/grids.js';

/** A scan of 2x2x3 whose voxel at [z, y, x] is zyx, and whose mask is 1 where x is 1. */
const scan = scanOf([2, 2, 3]);
function storeOf(masked = false): SliceStore & { readonly asked: number[] } {
  const asked: number[] = [];
  return {
    asked,
    masked,
    async read(z, data, mask) {
      asked.push(z);
      for (let i = 0; i < 6; i++) data[i] = 100 * z + 10 * Math.floor(i / 3) + (i % 3);
      mask?.set([0, 1, 0, 0, 1, 0]);
    },
  };
}

async function played(grid: Grid, store: SliceStore, signal = new AbortController().signal): Promise<Slice[]> {
  const slices: Slice[] = [];
  for await (const slice of playBack(grid, store, signal)) slices.push(slice);
  return slices;
}
const dataOf = (slices: readonly Slice[]) => slices.map(({ data }) => [...data.data]);

describe('playing a scan back', () => {
  it('reads every slice once and in order where the slice axis stays', async () => {
    const store = storeOf(true);
    const slices = await played(gridOf(scan), store);
    expect(store.asked).toEqual([0, 1]);
    expect(dataOf(slices)).toEqual([
      [0, 1, 2, 10, 11, 12],
      [100, 101, 102, 110, 111, 112],
    ]);
    expect(slices.map(({ z, nonzero }) => [z, [...nonzero!.data]])).toEqual([
      [0, [0, 1, 0, 0, 1, 0]],
      [1, [0, 1, 0, 0, 1, 0]],
    ]);
  });

  it('turns and crops in the plane, and runs backwards', async () => {
    const grid = gridOf(scan, {
      axes: [0, 2, 1],
      flipped: [true, true, false],
      box: { start: [0, 0, 1], stop: [2, 2, 2] },
      shape: [2, 2, 1],
    });
    // x backwards: 2 and 1; of y the second alone.
    const slices = await played(grid, storeOf(true));
    expect(dataOf(slices)).toEqual([
      [112, 111],
      [12, 11],
    ]);
    expect(slices.map(({ nonzero }) => [...nonzero!.data])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it('draws on every stored slice where the slice axis moves', async () => {
    const grid = gridOf(scan, { axes: [2, 0, 1], shape: [3, 2, 2], box: { start: [0, 0, 0], stop: [3, 2, 2] } });
    const store = storeOf(true);
    const slices = await played(grid, store);
    // One block of output, so one reading.
    expect(store.asked).toEqual([0, 1]);
    expect(dataOf(slices)).toEqual([
      [0, 10, 100, 110],
      [1, 11, 101, 111],
      [2, 12, 102, 112],
    ]);
    expect(slices.map(({ nonzero }) => [...nonzero!.data])).toEqual([
      [0, 0, 0, 0],
      [1, 1, 1, 1],
      [0, 0, 0, 0],
    ]);
    const other = gridOf(scan, { axes: [1, 2, 0], shape: [2, 3, 2], box: { start: [0, 0, 0], stop: [2, 3, 2] } });
    expect(dataOf(await played(other, storeOf()))).toEqual([
      [0, 100, 1, 101, 2, 102],
      [10, 110, 11, 111, 12, 112],
    ]);
  });

  it('keeps no mask where none is stored', async () => {
    for (const slice of await played(gridOf(scan), storeOf())) expect(slice).not.toHaveProperty('nonzero');
  });

  it('ends with an error of the store, and when it is aborted', async () => {
    const broken: SliceStore = {
      masked: false,
      read: (z) => (z === 1 ? Promise.reject(new Error('gone')) : Promise.resolve()),
    };
    await expect(played(gridOf(scan), broken)).rejects.toThrow('gone');
    const moved = gridOf(scan, { axes: [2, 0, 1], shape: [3, 2, 2], box: { start: [0, 0, 0], stop: [3, 2, 2] } });
    await expect(played(moved, storeOf(), AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  });
});
