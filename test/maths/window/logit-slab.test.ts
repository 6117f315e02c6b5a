import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Tiling, Triple } from '../../../src/chunks.js';
import { LogitSlab } from '../../../src/maths/window/logit-slab.js';
import { layTiles } from '../../../src/maths/window/tiling.js';

const triple = (min: number, max: number) =>
  fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }), fc.integer({ min, max }));

/** Every tile in C order. */
function* tilesOf({ origins }: Tiling): Generator<Triple> {
  for (let i = 0; i < origins[0].length; i++)
    for (let j = 0; j < origins[1].length; j++) for (let k = 0; k < origins[2].length; k++) yield [i, j, k];
}

function assembled(shape: Triple, tiling: Tiling, classes: number, patch: (tile: Triple) => Float32Array) {
  const slab = new LogitSlab(shape, tiling, classes);
  const slices: Float32Array[] = [];
  for (const tile of tilesOf(tiling)) {
    for (const [z, data] of slab.push(tile, patch(tile))) {
      expect(z).toBe(slices.length);
      slices.push(data);
    }
  }
  expect(slab.remaining).toBe(0);
  return slices;
}

describe('LogitSlab', () => {
  it('is sum(w l) / sum(w) over the patches of a voxel, w the 3-D Gaussian written out', () => {
    fc.assert(
      fc.property(triple(1, 9), triple(1, 6), fc.integer({ min: 1, max: 2 }), (shape, patchSize, classes) => {
        const tiling = layTiles(shape, patchSize, 0.5);
        const [pz, py, px] = patchSize;
        const value = (tile: Triple, c: number, z: number, y: number, x: number) =>
          Math.sin(1 + c * 7 + tile[0] * 3 + tile[1] * 5 + tile[2] * 11 + z + 2 * y + 3 * x);
        const slices = assembled(shape, tiling, classes, (tile) => {
          const data = new Float32Array(classes * pz * py * px);
          for (let i = 0; i < data.length; i++) {
            const [x, y] = [i % px, Math.floor(i / px) % py];
            const [z, c] = [Math.floor(i / (px * py)) % pz, Math.floor(i / (px * py * pz))];
            data[i] = value(tile, c, z, y, x);
          }
          return data;
        });
        const gauss = (j: number, n: number) => Math.exp(-0.5 * ((j - Math.floor(n / 2)) / (n / 8)) ** 2);
        for (let c = 0; c < classes; c++)
          for (let z = 0; z < shape[0]; z++)
            for (let y = 0; y < shape[1]; y++)
              for (let x = 0; x < shape[2]; x++) {
                let sum = 0;
                let weights = 0;
                for (const tile of tilesOf(tiling)) {
                  const at = [z, y, x].map((v, a) => v + tiling.before[a] - tiling.origins[a][tile[a]]);
                  if (at.some((j, a) => j < 0 || j >= patchSize[a])) continue;
                  const w = at.reduce((product, j, a) => product * gauss(j, patchSize[a]), 1);
                  sum += w * value(tile, c, at[0], at[1], at[2]);
                  weights += w;
                }
                const got = slices[z][(c * shape[1] + y) * shape[2] + x];
                if (!(Math.abs(got - sum / weights) < 1e-5))
                  throw new Error(`${got} for ${sum / weights} at ${[c, z, y, x]}`);
              }
      }),
      { numRuns: 60 },
    );
  });

  it('hands a single patch on to the last bit', () => {
    const data = Float32Array.from({ length: 4 * 3 * 5 }, (_, i) => Math.fround(Math.exp(i / 7)));
    const tiling = layTiles([4, 3, 5], [4, 3, 5], 0.5);
    const slices = assembled([4, 3, 5], tiling, 1, () => data);
    expect(slices.flatMap((s) => [...s])).toEqual([...data]);
  });

  it('gives slices away as soon as the next row of patches begins behind them', () => {
    const tiling = layTiles([10, 4, 4], [4, 4, 4], 0.5);
    expect(tiling.origins[0]).toEqual([0, 2, 4, 6]);
    const slab = new LogitSlab([10, 4, 4], tiling, 1);
    const counts = [...tilesOf(tiling)].map((tile) => [...slab.push(tile, new Float32Array(64))].length);
    expect(counts).toEqual([2, 2, 2, 4]);
  });
});
