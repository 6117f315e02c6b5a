import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { LogitSlice } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { readOutputs } from '../../src/stages/read-outputs.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

const grid = gridOf(scanOf([2, 1, 3]));
/** Six patches of one voxel. */
const tiling = layTiles(grid.shape, [1, 1, 1], 1);

/**
 * Logits of two passes of two classes: a slice whose plain pass says foreground, foreground,
 * background, and one that says background alone.
 */
const SLICES = [
  [0, 0, 2, 1, 3, -1, 9, 9, 9, 0, 0, 0],
  [1, 1, 1, 0, 0, 0, 9, 9, 9, 0, 0, 0],
];

const logits = (): LogitSlice[] =>
  SLICES.map((values, z) => ({ grid, tiling, z, data: ndarray(Float32Array.from(values), [4, 1, 3]) }));

describe('read-outputs', () => {
  it('shows every meter its passes and hands the plain one on', async () => {
    const seen: [string, number[][], number[]][] = [];
    const masks: [number, number[]][] = [];
    const reading = (name: string, passes: number[]) => ({
      passes,
      meter: {
        push: (given: readonly Float32Array[], { foreground }: { foreground: Uint8Array }) =>
          seen.push([name, given.map((pass) => [...pass]), [...foreground]]),
        values: () => ({}),
      },
    });
    const stage = readOutputs({
      readings: [reading('plain', [0]), reading('both', [1, 0])] as never,
      heads: 2,
      onRegion: ({ z }, { interior }) => masks.push([z, [...interior]]),
    });
    const found = await collect<LogitSlice>(logits(), stage);
    expect(found.map(({ grid: g, z, data }) => [g === grid, z, data.shape, [...data.data]])).toEqual([
      [true, 0, [2, 1, 3], SLICES[0].slice(0, 6)],
      [true, 1, [2, 1, 3], SLICES[1].slice(0, 6)],
    ]);
    const [first, second] = SLICES.map((values) => [values.slice(0, 6), values.slice(6)]);
    expect(seen).toEqual([
      ['plain', [first![0]], [1, 1, 0]],
      ['both', [first![1], first![0]], [1, 1, 0]],
      ['plain', [second![0]], [0, 0, 0]],
      ['both', [second![1], second![0]], [0, 0, 0]],
    ]);
    // The second voxel borders on the background.
    expect(masks).toEqual([
      [0, [1, 0, 0]],
      [1, [0, 0, 0]],
    ]);
  });

  it('takes regions for regions', async () => {
    const masks: number[][] = [];
    const stage = readOutputs({
      readings: [],
      heads: 2,
      regions: true,
      onRegion: (_, m) => masks.push([...m.foreground]),
    });
    await collect(logits(), stage);
    // Above 0 in either region.
    expect(masks).toEqual([
      [1, 1, 1],
      [1, 1, 1],
    ]);
  });
});
