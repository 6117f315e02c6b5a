import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { LabelSlice, LogitSlice } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { label } from '../../src/stages/label.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

const grid = gridOf(scanOf([1, 1, 6]));

describe('label', () => {
  const slice = (...values: number[]): LogitSlice => ({
    grid,
    tiling: layTiles(grid.shape, grid.shape, 1),
    z: 3,
    data: ndarray(Float32Array.from(values), [2, 1, 2]),
  });
  const labels = async (segmentation: Parameters<typeof label>[0]['segmentation'], ...values: number[]) => {
    const [found] = await collect<LabelSlice>([slice(...values)], label({ segmentation }));
    expect(found).toMatchObject({ grid, z: 3 });
    expect(found!.data.shape).toEqual([1, 2]);
    return found!.data.data;
  };

  it('is the class of the largest logit, in 8 bits, or in 16 where nnU-Net takes them', async () => {
    const classes = { regionsClassOrder: null, averages: 'logits' } as const;
    expect(await labels({ ...classes, largestLabel: 1 }, 1, -1, 0, 2)).toEqual(Uint8Array.of(0, 1));
    expect(await labels({ ...classes, largestLabel: 254 }, 1, -1, 0, 2)).toEqual(Uint8Array.of(0, 1));
    // nnunetv2 export_prediction.py: uint8 if there are fewer than 255 foreground labels, else
    // uint16.
    expect(await labels({ ...classes, largestLabel: 255 }, 1, -1, 0, 2)).toEqual(Uint16Array.of(0, 1));
  });

  it('is the last region in the plan’s order that holds the voxel: above 0 of logits, above a half of probabilities', async () => {
    const regions = { regionsClassOrder: [3, 300], largestLabel: 300 };
    expect(await labels({ ...regions, averages: 'logits' }, 0.4, 0.4, 0.1, -1)).toEqual(Uint16Array.of(300, 3));
    expect(await labels({ ...regions, averages: 'probabilities' }, 0.6, 0.4, 0.1, 0.6)).toEqual(Uint16Array.of(3, 300));
  });
});
