import { expect, it } from 'vitest';
import type { PatchDistance } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { chain } from '../../src/stages/chain.js';
import { all } from '../../src/stages/collectors.js';
import { type Progress, reporter } from '../../src/stages/progress.js';
import { gridOf, scanOf } from '../support/grids.js';

const grid = gridOf(scanOf([2, 1, 1]));
const tiling = layTiles(grid.shape, [1, 1, 1], 1);
async function* patches(): AsyncGenerator<PatchDistance> {
  for (const index of [0, 1]) yield { grid, tiling, index, tile: [index, 0, 0], distance: index };
}

it('is told patch by patch, of as many as there will be', async () => {
  const told: Progress[] = [];
  const passing = chain<PatchDistance>().observe(reporter({ onProgress: (progress) => told.push(progress) }));
  expect((await passing.run(patches(), all())).map(({ distance }) => distance)).toEqual([0, 1]);
  expect(told).toEqual([
    { case: 'case', patches: 1, total: 2 },
    { case: 'case', patches: 2, total: 2 },
  ]);
});

it('need not be told to anybody', async () => {
  expect(await chain<PatchDistance>().observe(reporter({})).run(patches(), all())).toHaveLength(2);
});
