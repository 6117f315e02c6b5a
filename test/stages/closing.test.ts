import { readdirSync } from 'node:fs';
import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { LabelSlice, LogitSlice, Slice } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { join } from '../../src/stages/join.js';
import { measure } from '../../src/stages/measure.js';
import { saveProbabilities } from '../../src/stages/save-probabilities.js';
import type { Stage } from '../../src/stages/stage.js';
import { uncrop } from '../../src/stages/uncrop.js';
import { gridOf, scanOf } from '../support/grids.js';

const grid = gridOf(scanOf([3, 2, 2]), { flipped: [true, false, false] });
const slice: Slice = { grid, z: 0, data: ndarray(new Float32Array(4), [1, 2, 2]) };
const tiling = layTiles(grid.shape, [1, 1, 1], 1);
const logits: LogitSlice = { grid, tiling, z: 0, data: ndarray(new Float32Array(8), [2, 2, 2]) };
const labels: LabelSlice = { grid, tiling, z: 0, data: ndarray(new Uint8Array(4), [2, 2]) };
const segmentation = { regionsClassOrder: null, averages: 'logits' } as const;

/** Temporary files have no name: only the descriptor is left of one. */
const descriptors = () => readdirSync('/proc/self/fd').length;

describe.runIf(process.platform === 'linux')('a stage that is destroyed half-way gives its temporary file back', () => {
  it.each<[string, () => Stage<never, unknown>, object]>([
    ['measure', () => measure() as Stage<never, unknown>, slice],
    ['uncrop', () => uncrop() as Stage<never, unknown>, labels],
    [
      'save-probabilities',
      // Opened only at the end, which does not come.
      () => saveProbabilities({ to: '/nowhere/p.nii.gz', segmentation }) as Stage<never, unknown>,
      logits,
    ],
  ])('%s', async (_, make, chunk) => {
    const before = descriptors();
    const stage = make().resume() as Stage<never, unknown>;
    await new Promise<void>((resolve, reject) =>
      stage.write(chunk, (error: Error | null | undefined) => (error ? reject(error) : resolve())),
    );
    expect(descriptors()).toBe(before + 1);
    stage.destroy();
    await finished(stage).catch(() => {});
    expect(descriptors()).toBe(before);
  });
});

describe('join', () => {
  it('lets go of the other channels when it is destroyed, and reads them to their ends when it is not', async () => {
    for (const whole of [false, true]) {
      let ended = '';
      const other = async function* () {
        try {
          yield* [0, 1, 2].map((z) => ({ ...slice, z }));
          ended = 'read to its end';
        } finally {
          ended ||= 'let go';
        }
      };
      const joined = join({ channels: [other()] });
      const source = Readable.from([0, 1, 2].map((z) => ({ ...slice, z })));
      if (whole) source.pipe(joined).resume();
      else {
        joined.write({ ...slice, z: 0 } as never);
        joined.once('data', () => joined.destroy());
      }
      await finished(joined).catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended).toBe(whole ? 'read to its end' : 'let go');
    }
  });
});
