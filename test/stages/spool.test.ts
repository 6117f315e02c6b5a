import { openSync, readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Slice, Triple } from '../../src/chunks.js';
import { TempFile } from '../../src/files/temp-file.js';
import type { Plan } from '../../src/plan.js';
import { spool } from '../../src/stages/spool.js';
import holes from '../fixtures/resample/holes.json' with { type: 'json' };
import { openDescriptors } from '../support/descriptors.js';
import { AXIS_ORDERS, gridOf, scanOf } from '../support/grids.js';
import { maskedMr, planOf } from '../support/plans.js';
import { gather } from '../support/preprocess.js';

/** Slices of a [c, z, y, x] volume on a scan's own grid. */
function* slices(shape: Triple, data: Float32Array, affine?: readonly number[]): Generator<Slice> {
  const [depth, height, width] = shape;
  const plane = height * width;
  const channels = data.length / (depth * plane);
  const scan = { ...scanOf(shape), channels, ...(affine && { affine }) };
  const grid = gridOf(scan, { channels });
  for (let z = 0; z < depth; z++) {
    const slice = new Float32Array(channels * plane);
    for (let c = 0; c < channels; c++) {
      slice.set(data.subarray((c * depth + z) * plane, (c * depth + z + 1) * plane), c * plane);
    }
    yield { grid, z, data: ndarray(slice, [channels, height, width]) };
  }
}

const spooled = (source: Iterable<Slice>, plan: Plan) =>
  gather([Readable.from(source, { highWaterMark: 1 }), spool({ plan })]);

/** Mean, standard deviation and extremes of some numbers, the plain way. */
function describeNumbers(values: readonly number[]) {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
  return { min: Math.min(...values), max: Math.max(...values), mean, std: Math.sqrt(variance) };
}

function expectClose(actual: object, expected: Record<string, number>): void {
  for (const [key, value] of Object.entries(expected)) {
    expect((actual as Record<string, number>)[key], key).toBeCloseTo(value, 9);
  }
}

describe('crop and mask', () => {
  it.each(holes.map((volume, i) => [i, volume] as const))('are those of nnunetv2: volume %i', async (_, volume) => {
    const shape = volume.shape as unknown as Triple;
    // Values that differ, so that a wrong voxel shows; those of 0 stay.
    const data = Float32Array.from(volume.image, (bit, i) => (bit === '1' ? i + 1 : 0));
    const result = await spooled(slices(shape, data), planOf());
    expect(result.grid.box.start.map((start, axis) => [start, result.grid.box.stop[axis]])).toEqual(volume.box);
    const inside: number[] = [];
    const all: number[] = [];
    const [depth, height, width] = result.grid.shape;
    for (let i = 0; i < depth * height * width; i++) {
      const z = Math.floor(i / (height * width)) + result.grid.box.start[0];
      const y = (Math.floor(i / width) % height) + result.grid.box.start[1];
      const x = (i % width) + result.grid.box.start[2];
      const at = (z * shape[1] + y) * shape[2] + x;
      expect(result.data[i]).toBe(data[at]);
      expect(result.nonzero![i]).toBe(Number(volume.mask[at]));
      all.push(data[at]);
      if (volume.mask[at] === '1') inside.push(data[at]);
    }
    const [statistics] = result.grid.statistics!;
    expectClose(statistics!, describeNumbers(all));
    if (inside.length > 0) expectClose(statistics!.nonzero!, describeNumbers(inside));
  });

  it('leaves a scan of nothing but 0 whole, as nnU-Net does', async () => {
    const result = await spooled(slices([2, 3, 4], new Float32Array(24)), planOf());
    expect(result.grid.shape).toEqual([2, 3, 4]);
    expect(result.grid.statistics![0]).toMatchObject({ min: 0, max: 0, mean: 0, std: 0 });
    expect(result.nonzero!.every((inside) => inside === 0)).toBe(true);
  });

  it('looks at all channels together and measures each', async () => {
    const data = new Float32Array(2 * 27);
    data[0 * 27 + 13] = 4; // channel 0: the centre
    data[1 * 27 + 14] = -2; // channel 1: beside it
    const channels = [maskedMr, { name: 'CT', scheme: 'NoNormalization', useNonzeroMask: false } as const];
    const { grid } = await spooled(slices([3, 3, 3], data), planOf({ channels }));
    expect(grid.box).toEqual({ start: [1, 1, 1], stop: [2, 2, 3] });
    expectClose(grid.statistics![0], { min: 0, max: 4, mean: 2, std: 2 });
    expectClose(grid.statistics![1], { min: -2, max: 0, mean: -1, std: 1 });
  });

  it('does not crop where the plan does not', async () => {
    const data = new Float32Array(27);
    data[13] = 4;
    const { grid, nonzero } = await spooled(
      slices([3, 3, 3], data),
      planOf({ cropToNonzero: false, channels: [{ ...maskedMr, useNonzeroMask: false }] }),
    );
    expect(grid.shape).toEqual([3, 3, 3]);
    expect(nonzero).toBeNull();
    expectClose(grid.statistics![0], { min: 0, max: 4, mean: 4 / 27 });
  });

  it('keeps its digits where the mean is large beside the deviation', async () => {
    const data = Float32Array.from({ length: 64 * 64 * 8 }, (_, i) => 1_000_000 + (i % 2));
    const { grid } = await spooled(slices([8, 64, 64], data), planOf());
    expectClose(grid.statistics![0], { mean: 1_000_000.5, std: 0.5 });
  });
});

describe('axes', () => {
  it('permutes, flips and crops any way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(...[0, 1, 2].map(() => fc.integer({ min: 1, max: 6 }))),
        fc.constantFrom(...AXIS_ORDERS),
        fc.constantFrom(...AXIS_ORDERS),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        fc.infiniteStream(fc.constantFrom(0, 0, 0, 1, 2, 3)),
        async (shape, transposeForward, world, against, values) => {
          const [depth, height, width] = shape as unknown as Triple;
          const data = Float32Array.from({ length: 2 * depth * height * width }, () => values.next().value);
          // x, y, z of the scan run along world axis world[0], world[1], world[2].
          const affine = new Array(16).fill(0);
          world.forEach((row, column) => {
            affine[4 * row + column] = (against[column] ? -1 : 1) * (column + 1);
          });
          affine[15] = 1;
          const plan = planOf({ reader: 'ras', transposeForward, channels: [maskedMr, maskedMr] });
          const { grid, data: result } = await spooled(slices([depth, height, width], data, affine), plan);
          for (let c = 0, i = 0; c < 2; c++) {
            for (let a = 0; a < grid.shape[0]; a++) {
              for (let b = 0; b < grid.shape[1]; b++) {
                for (let d = 0; d < grid.shape[2]; d++, i++) {
                  const at = [0, 0, 0];
                  [a, b, d].forEach((position, axis) => {
                    const scanAxis = 2 - world.indexOf((2 - transposeForward[axis]) as 0 | 1 | 2);
                    const index = grid.box.start[axis] + position;
                    at[scanAxis] = against[2 - scanAxis] ? shape[scanAxis] - 1 - index : index;
                  });
                  const source = ((c * depth + at[0]) * height + at[1]) * width + at[2];
                  if (result[i] !== data[source]) throw new Error(`voxel ${[a, b, d]} of channel ${c}`);
                }
              }
            }
          }
          // Spacing goes with the axes: that of x is 1, of y 2, of z 3.
          const isRas = world.every((row, column) => row === column && !against[column]);
          const lengths = grid.axes.map((axis) => 3 - axis);
          expect(grid.spacing).toEqual(isRas ? [1, 1, 1] : lengths);
        },
      ),
      { numRuns: 150 },
    );
  });
});

describe('temporary files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'segcanary-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const noise = Float32Array.from({ length: 6 * 8 * 8 }, (_, i) => i % 5);

  it('have no name while the scan flows', async () => {
    let seen = 0;
    await pipeline(
      Readable.from(slices([6, 8, 8], noise)),
      spool({ plan: planOf(), tmpdir: folder }),
      new Writable({
        objectMode: true,
        write(_slice, _encoding, done) {
          seen++;
          done(readdirSync(folder).length === 0 ? null : new Error('a file lies in the folder'));
        },
      }),
    );
    expect(seen).toBe(6);
  });

  it.each([0, 1, 3])('are gone when the scan breaks off after %i slices', async (count) => {
    async function* broken(): AsyncGenerator<Slice> {
      let n = 0;
      for (const slice of slices([6, 8, 8], noise)) {
        if (n++ === count) throw new Error('broken');
        yield slice;
      }
    }
    const handles = openDescriptors();
    await expect(gather([Readable.from(broken()), spool({ plan: planOf(), tmpdir: folder })])).rejects.toThrow(
      'broken',
    );
    expect(await readdir(folder)).toEqual([]);
    await expect.poll(openDescriptors).toBe(handles);
  });

  it('are gone when the reader leaves early', async () => {
    const handles = openDescriptors();
    const stage = Readable.from(slices([6, 8, 8], noise)).pipe(spool({ plan: planOf(), tmpdir: folder }));
    for await (const _ of stage) break;
    await expect.poll(openDescriptors).toBe(handles);
  });

  it('that cannot be made are one sentence that names the option', async () => {
    const missing = join(folder, 'missing');
    const run = gather([Readable.from(slices([6, 8, 8], noise)), spool({ plan: planOf(), tmpdir: missing })]);
    await expect(run).rejects.toMatchObject({
      code: 'io',
      message: `case: cannot make a temporary file in ${missing} (ENOENT); name a folder with room for the scan with \`tmpdir\`.`,
    });
  });

  it.runIf(process.platform === 'linux')('that fill the disk are too', async () => {
    // /dev/full is a device, not a folder: what a full disk says is tried on it directly.
    const file = new TempFile(openSync('/dev/full', 'w'), folder, 'case');
    await expect(file.append(noise)).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('the disk is full'),
    });
    await file.close();
  });
});

describe('what it refuses', () => {
  it('an end before the last slice', async () => {
    const short = [...slices([6, 2, 2], new Float32Array(24).fill(1))].slice(0, 4);
    await expect(spooled(short, planOf())).rejects.toMatchObject({
      code: 'truncated',
      message: 'case: only 4 of 6 slices reached the spool stage.',
    });
  });

  it('slices that another stage has moved', async () => {
    const moved = [...slices([2, 2, 2], new Float32Array(8).fill(1))].map((slice) => ({
      ...slice,
      grid: { ...slice.grid, flipped: [true, false, false] as const },
    }));
    await expect(spooled(moved, planOf())).rejects.toMatchObject({ code: 'usage' });
  });

  it('an affine that is singular, where orientation matters', async () => {
    const affine = new Array(16).fill(0);
    const run = spooled(slices([2, 2, 2], new Float32Array(8).fill(1), affine), planOf({ reader: 'ras' }));
    await expect(run).rejects.toMatchObject({ code: 'scan-unsuitable' });
  });
});

describe('percentiles', () => {
  const channel = { ...maskedMr, useNonzeroMask: false, clipPercentiles: [10, 90] } as const;
  // 0 outside of a box of 1 to 24, which a plan may crop to: [z, y, x] of 4 x 5 x 6 in 6 x 7 x 8.
  const shape: Triple = [6, 7, 8];
  const volume = Float32Array.from({ length: 6 * 7 * 8 }, (_, i) => {
    const [z, y, x] = [Math.floor(i / 56), Math.floor(i / 8) % 7, i % 8];
    return z >= 1 && z < 5 && y >= 1 && y < 6 && x >= 1 && x < 7 ? 1 + ((7 * i) % 24) : 0;
  });
  const clippedOf = async (change: Partial<Plan>) =>
    (await spooled(slices(shape, volume), planOf({ channels: [channel], ...change }))).grid.statistics![0].clipped;

  it('are those of the grid that is left after cropping, whatever way it is turned', async () => {
    const inside = [...volume].filter((v) => v > 0).sort((a, b) => a - b);
    const all = [...volume].sort((a, b) => a - b);
    const at = (values: number[], q: number) => {
      const r = q * (values.length - 1);
      return values[Math.floor(r)] + (r % 1) * (values[Math.ceil(r)] - values[Math.floor(r)]);
    };
    for (const transposeForward of [
      [0, 1, 2],
      [2, 0, 1],
    ] as const) {
      for (const [values, cropToNonzero] of [
        [inside, true],
        [all, false],
      ] as const) {
        const [low, high] = [Math.fround(at(values, 0.1)), Math.fround(at(values, 0.9))];
        const kept = values.map((v) => Math.min(Math.max(v, low), high));
        const { mean, std } = describeNumbers(kept);
        expectClose((await clippedOf({ transposeForward, cropToNonzero }))!, { low, high, mean, std });
      }
    }
  });

  it('wait for the grid that they are of, where that is another one', async () => {
    const resized = {
      order: 'resample-first',
      spacing: null,
      resampling: { order: 0, orderZ: 0, forceSeparateZ: false },
    } as const;
    expect(await clippedOf({ ...resized, resizeTo: [3, 3, 3] })).toBeUndefined();
    expect(await clippedOf({ ...resized, resizeTo: [4, 5, 6] })).toBeDefined();
  });
});
