import { readdirSync, readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { gunzipSync } from 'node:zlib';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { LogitSlice } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { saveProbabilities } from '../../src/stages/save-probabilities.js';
import { countsDescriptors, expectFileGivenBack } from '../support/descriptors.js';
import { temporaryFolder } from '../support/folder.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

describe('saveProbabilities', () => {
  it('writes a volume a class, softmax over them, 1 for the background outside the box', async () => {
    const folder = await temporaryFolder();
    const to = joinPath(folder, 'p.nii');
    // A scan of 1x3x2 whose box is its middle row; the plan turned y and x around.
    const grid = gridOf(scanOf([1, 3, 2]), {
      axes: [0, 2, 1],
      box: { start: [0, 0, 1], stop: [1, 2, 2] },
      shape: [1, 2, 1],
    });
    const logits = ndarray(Float32Array.of(0, Math.log(3), 0, 0), [2, 2, 1]);
    const segmentation = { regionsClassOrder: null, averages: 'logits' as const };
    const [passed] = await collect<LogitSlice>([{ grid, z: 0, data: logits }], saveProbabilities({ to, segmentation }));
    expect([...passed!.data.data]).toEqual([0, Math.fround(Math.log(3)), 0, 0]);
    const bytes = readFileSync(to);
    expect([...new Int16Array(bytes.buffer, bytes.byteOffset + 40, 8)]).toEqual([4, 2, 3, 1, 2, 1, 1, 1]);
    const close = (values: number[]) => values.map((v) => expect.closeTo(v, 6));
    expect([...new Float32Array(Uint8Array.from(bytes.subarray(352)).buffer)]).toEqual(
      close([1, 1, 0.5, 0.75, 1, 1, 0, 0, 0.5, 0.25, 0, 0]),
    );
  });

  it('writes the sigmoid of every region, and nothing when slices are missing', async () => {
    const folder = await temporaryFolder();
    const to = joinPath(folder, 'p.nii.gz');
    const grid = gridOf(scanOf([2, 1, 1]));
    const slices = [0, 1].map((z) => ({ grid, z, data: ndarray(Float32Array.of(0, Math.log(4)), [2, 1, 1]) }));
    const segmentation = { regionsClassOrder: [1, 2], averages: 'logits' as const };
    await collect(slices, saveProbabilities({ to, segmentation }));
    const bytes = gunzipSync(readFileSync(to));
    expect([...new Float32Array(Uint8Array.from(bytes.subarray(352)).buffer)]).toEqual(
      [0.5, 0.5, 0.8, 0.8].map((v) => expect.closeTo(v, 6)),
    );
    const short = collect(slices.slice(1), saveProbabilities({ to: joinPath(folder, 'q.nii'), segmentation }));
    await expect(short).rejects.toMatchObject({ code: 'truncated' });
    expect(readdirSync(folder)).toEqual(['p.nii.gz']);
  });

  it.runIf(countsDescriptors)('gives its temporary file back when it is destroyed half-way', async () => {
    const grid = gridOf(scanOf([3, 2, 2]), { flipped: [true, false, false] });
    const segmentation = { regionsClassOrder: null, averages: 'logits' } as const;
    // Opened only at the end, which does not come.
    const stage = saveProbabilities({ to: '/nowhere/p.nii.gz', segmentation });
    await expectFileGivenBack(stage, {
      grid,
      tiling: layTiles(grid.shape, grid.shape, 1),
      z: 0,
      data: ndarray(new Float32Array(8), [2, 2, 2]),
    });
  });
});
