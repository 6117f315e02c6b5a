import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Patch, Slice, Triple } from '../../src/chunks.js';
import { patch } from '../../src/stages/patch.js';
import { stage } from '../../src/stages/stage.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

/**
 * A voxel's value says where it is: 1 + c*1e6 + z*1e4 + y*1e2 + x, so that 0 can only be padding.
 */
const valueAt = (c: number, z: number, y: number, x: number) => 1 + c * 1e6 + z * 1e4 + y * 1e2 + x;

function* slicesOf(shape: Triple, channels: number, count = shape[0]): Generator<Slice> {
  const grid = gridOf(scanOf(shape), { channels });
  for (let z = 0; z < count; z++) {
    const data = new Float32Array(channels * shape[1] * shape[2]);
    for (let c = 0, i = 0; c < channels; c++) {
      for (let y = 0; y < shape[1]; y++) for (let x = 0; x < shape[2]; x++) data[i++] = valueAt(c, z, y, x);
    }
    yield { grid, z, data: ndarray(data, [channels, shape[1], shape[2]]) };
  }
}

const patchesOf = (slices: Iterable<Slice>, patchSize: Triple, stepSize = 0.5) =>
  collect<Patch>(slices, patch({ patchSize, stepSize }));

describe('the patch stage', () => {
  it('cuts every patch from the voxels that it names, 0 where the grid is padded', async () => {
    const triple = (min: number, max: number) =>
      fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }), fc.integer({ min, max }));
    await fc.assert(
      fc.asyncProperty(triple(1, 12), triple(1, 7), fc.constantFrom(1, 2), async (shape, patchSize, channels) => {
        const patches = await patchesOf(slicesOf(shape, channels), patchSize);
        const [first] = patches;
        expect(patches.length).toBe(first.tiling.origins.reduce((n, o) => n * o.length, 1));
        patches.forEach((p, index) => {
          expect(p.index).toBe(index);
          const [, depth, height, width] = p.data.shape;
          for (let c = 0; c < channels; c++) {
            for (let z = 0; z < depth; z++) {
              for (let y = 0; y < height; y++) {
                for (let x = 0; x < width; x++) {
                  const at = [z, y, x].map((v, a) => v + p.tiling.origins[a][p.tile[a]] - p.tiling.before[a]);
                  const inside = at.every((v, a) => v >= 0 && v < shape[a]);
                  const expected = inside ? valueAt(c, at[0], at[1], at[2]) : 0;
                  if (p.data.get(c, z, y, x) !== expected) throw new Error(`patch ${index} at ${[c, z, y, x]}`);
                }
              }
            }
          }
        });
      }),
      { numRuns: 60 },
    );
  });

  it('cuts a row of many patches without running ahead of its reader', async () => {
    let live = 0;
    let peak = 0;
    const patches = patch({ patchSize: [2, 4, 4] });
    const count = stage<Patch, Patch>(
      { name: 'count' },
      {
        *transform(p) {
          peak = Math.max(peak, ++live);
          yield p;
        },
      },
    );
    const slow = new Writable({
      objectMode: true,
      highWaterMark: 1,
      write(_chunk, _encoding, done) {
        setTimeout(() => {
          live--;
          done();
        }, 1);
      },
    });
    await pipeline(Readable.from(slicesOf([6, 24, 24], 1)), patches, count, slow);
    expect(live).toBe(0);
    expect(peak).toBeLessThanOrEqual(8);
  });

  it('says so when slices are missing or out of order', async () => {
    await expect(patchesOf(slicesOf([6, 4, 4], 1, 4), [2, 4, 4])).rejects.toMatchObject({ code: 'truncated' });
    const [a, b] = [...slicesOf([2, 4, 4], 1)];
    await expect(patchesOf([b, a], [2, 4, 4])).rejects.toThrow(/slice 1 where slice 0 was due/);
  });
});
