import ndarray from 'ndarray';
import { expect, it } from 'vitest';
import type { Activation, Patch, Slice } from '../../src/chunks.js';
import { patch } from '../../src/stages/patch.js';
import { stage } from '../../src/stages/stage.js';
import { thin } from '../../src/stages/thin.js';
import { gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

const grid = gridOf(scanOf([14, 9, 8]));

function* slices(): Generator<Slice> {
  const [depth, height, width] = grid.shape;
  for (let z = 0; z < depth; z++) {
    const data = Float32Array.from({ length: height * width }, (_, i) => z * height * width + i);
    yield { grid, z, data: ndarray(data, [1, height, width]) };
  }
}

/** Patches as activations: as `encode` would pass them on. */
const asActivations = () =>
  stage<Patch, Activation>(
    { name: 'as-activations' },
    {
      *transform(chunk) {
        yield chunk;
      },
    },
  );

it('leaves the patches that cutting only these would have given, place and number included', async () => {
  const patchSize = [4, 4, 4] as const;
  const all = await collect<Activation>(slices(), patch({ patchSize }), asActivations());
  const kept = await collect<Activation>(slices(), patch({ patchSize }), asActivations(), thin());
  const cut = await collect<Activation>(slices(), patch({ patchSize, tiles: 'cover' }), asActivations());
  expect([all.length, kept.length]).toEqual([6 * 4 * 3, 4 * 3 * 2]);
  expect(kept).toEqual(cut);
  expect(kept.map(({ index }) => index)).toEqual(kept.map((_, i) => i));
});
