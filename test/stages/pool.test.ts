import ndarray from 'ndarray';
import { afterAll, describe, expect, it } from 'vitest';
import type { Activation, Embedding, Patch } from '../../src/chunks.js';
import { averagePool, channelMeans, pooledShape } from '../../src/maths/window/pool.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { closeInference } from '../../src/network/inference/session.js';
import { pool } from '../../src/stages/pool.js';
import { deviation } from '../support/close.js';
import { gridOf, scanOf } from '../support/grids.js';
import { oracleInput } from '../support/models.js';
import { collect } from '../support/streams.js';

afterAll(closeInference);

const shape = [1, 8, 16, 16];

const grid = gridOf(scanOf([8, 16, 16], 'case_7'));

const tiling = layTiles([8, 16, 16], [8, 16, 16], 0.5);

/** Patches that are told apart by their scale. */
function* patches(count: number, patchShape = shape): Generator<Patch> {
  for (let index = 0; index < count; index++) {
    const data = oracleInput(patchShape).map((v) => v * (1 + index));
    yield { grid, tiling, index, tile: [0, 0, index], data: ndarray(data, [...patchShape]) };
  }
}

describe('the pool stage', () => {
  it('flattens the pooled activation and keeps its place', async () => {
    const of = [8, 12, 20, 20];
    const [whole] = patches(1, of) as Generator<Activation>;
    const [embedding] = await collect<Embedding>([whole], pool());
    expect(embedding).toEqual({
      grid,
      tiling,
      index: 0,
      tile: [0, 0, 0],
      vector: averagePool(oracleInput(of), of),
      channelMeans: channelMeans(oracleInput(of), of[0]),
    });
    expect(embedding!.vector.length).toBe(pooledShape(of).reduce((a, b) => a * b));
  });

  it('pools a view of a larger array as it lies', async () => {
    const larger = ndarray(oracleInput([4, 12, 20, 20]), [4, 12, 20, 20]);
    const view = larger.lo(1, 2, 3, 4).hi(2, 8, 16, 12);
    const copy = Float32Array.from({ length: view.size }, (_, i) =>
      view.get(Math.floor(i / 1536), Math.floor(i / 192) % 8, Math.floor(i / 12) % 16, i % 12),
    );
    const [whole] = patches(1);
    const [embedding] = await collect<Embedding>([{ ...whole, data: view }], pool());
    expect(deviation(embedding!.vector, averagePool(copy, [2, 8, 16, 12]))).toBe(0);
  });
});
