import { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Scan, Slice, Triple } from '../../src/chunks.js';
import { type JoinOptions, join } from '../../src/stages/join.js';
import { openDescriptors } from '../support/descriptors.js';
import { AXIS_ORDERS, gridOf, scanOf } from '../support/grids.js';
import { collect } from '../support/streams.js';

describe('join', () => {
  function* slices(shape: Triple, first: number, name = 'case'): Generator<Slice> {
    const grid = gridOf(scanOf(shape, name));
    for (let z = 0; z < shape[0]; z++) {
      const data = Float32Array.from({ length: shape[1] * shape[2] }, (_, i) => first + 10 * z + i);
      yield { grid, z, data: ndarray(data, [1, shape[1], shape[2]]) };
    }
  }
  const stream = (chunks: Iterable<unknown>) => Readable.from(chunks, { highWaterMark: 1 });

  it('puts the channels of a case side by side', async () => {
    const channels = [stream(slices([3, 1, 2], 100)), stream(slices([3, 1, 2], 200))];
    const joined = await collect<Slice>(stream(slices([3, 1, 2], 0)), join({ channels }));
    expect(joined.map(({ z, data }) => [z, data.shape, [...data.data]])).toEqual([
      [0, [3, 1, 2], [0, 1, 100, 101, 200, 201]],
      [1, [3, 1, 2], [10, 11, 110, 111, 210, 211]],
      [2, [3, 1, 2], [20, 21, 120, 121, 220, 221]],
    ]);
    expect(joined[2].grid).toBe(joined[0].grid);
    expect([joined[0].grid.channels, joined[0].grid.scan.channels]).toEqual([3, 3]);
  });

  it('refuses channels of other shapes, and one that ends early', async () => {
    const joining = (other: Iterable<Slice>) =>
      collect(stream(slices([3, 1, 2], 0)), join({ channels: [stream(other)] }));
    await expect(joining(slices([3, 2, 1], 0))).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message:
        'case: channel 1 has 3x2x1 voxels and channel 0 3x1x2; resample the channels of a case to one grid first.',
    });
    await expect(joining([...slices([3, 1, 2], 0)].slice(0, 2))).rejects.toMatchObject({
      code: 'truncated',
      message: 'case: channel 1 has only 2 of 3 slices.',
    });
  });

  it('tells of an error in any channel', async () => {
    const broken = stream(
      (function* () {
        yield* [...slices([3, 1, 2], 0)].slice(0, 1);
        throw new Error('no more');
      })(),
    );
    await expect(collect(stream(slices([3, 1, 2], 0)), join({ channels: [broken] }))).rejects.toThrow('no more');
  });

  it('lets go of the other channels when it is destroyed, and reads them to their ends when it is not', async () => {
    for (const whole of [false, true]) {
      let ended = '';
      const other = async function* () {
        try {
          yield* slices([3, 1, 2], 100);
          ended = 'read to its end';
        } finally {
          ended ||= 'let go';
        }
      };
      const joined = join({ channels: [other()] });
      const source = stream(slices([3, 1, 2], 0));
      if (whole) source.pipe(joined).resume();
      else {
        joined.write([...slices([3, 1, 2], 0)][0]);
        joined.once('data', () => joined.destroy());
      }
      await finished(joined).catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      expect(ended).toBe(whole ? 'read to its end' : 'let go');
    }
  });
});

describe('join of channels that lie otherwise', () => {
  /** Voxels along R, A and S, their size, and where the first of them lies. */
  const world = { shape: [3, 4, 5], spacing: [1.5, 2, 3], origin: [-7, 11, 40] } as const;

  /**
   * The same piece of the world stored so that x, y and z run along `axes`, backwards where
   * `flips` says so. A voxel's value is a number of its place in the world.
   */
  function stored(axes: Triple, flips: readonly boolean[], change: Partial<Scan> = {}): Slice[] {
    const affine = new Array<number>(16).fill(0);
    affine[15] = 1;
    world.origin.forEach((mm, row) => {
      affine[4 * row + 3] = mm;
    });
    axes.forEach((axis, column) => {
      affine[4 * axis + column] = world.spacing[axis]! * (flips[column] ? -1 : 1);
      if (flips[column]) affine[4 * axis + 3]! += world.spacing[axis]! * (world.shape[axis]! - 1);
    });
    const [x, y, z] = axes;
    const shape: Triple = [world.shape[z]!, world.shape[y]!, world.shape[x]!];
    const spacing: Triple = [world.spacing[z]!, world.spacing[y]!, world.spacing[x]!];
    const grid = gridOf({ ...scanOf(shape), spacing, affine, ...change }, { spacing });
    return Array.from({ length: shape[0] }, (_, k) => {
      const data = new Float32Array(shape[1] * shape[2]);
      for (let j = 0, at = 0; j < shape[1]; j++)
        for (let i = 0; i < shape[2]; i++) data[at++] = placeOf(affine, i, j, k);
      return { grid, z: k, data: ndarray(data, [1, shape[1], shape[2]]) };
    });
  }
  const placeOf = (affine: readonly number[], i: number, j: number, k: number): number => {
    const mm = [0, 4, 8].map((r) => affine[r]! * i + affine[r + 1]! * j + affine[r + 2]! * k + affine[r + 3]!);
    return mm[0]! + 100 * mm[1]! + 10_000 * mm[2]!;
  };
  const everyWay = AXIS_ORDERS.flatMap((axes) =>
    Array.from({ length: 8 }, (_, bits) => ({ axes, flips: [0, 1, 2].map((bit) => ((bits >> bit) & 1) === 1) })),
  );
  const joinOf = (first: readonly Slice[], other: readonly Slice[], options: Omit<JoinOptions, 'channels'>) =>
    collect<Slice>(
      Readable.from(first, { highWaterMark: 1 }),
      join({ channels: [Readable.from(other, { highWaterMark: 1 })], ...options }),
    );

  it('turns each by its own affine where the reader turns, whichever way either is stored', async () => {
    for (const reader of ['ras', 'LIP'] as const)
      for (const [i, one] of everyWay.entries()) {
        const two = everyWay[(i * 29 + 17) % everyWay.length]!;
        const warnings: unknown[] = [];
        const first = stored(one.axes, one.flips);
        const joined = await joinOf(first, stored(two.axes, two.flips), {
          reader,
          onWarning: (warning) => warnings.push(warning),
        });
        expect(warnings).toEqual([]);
        expect(joined.map(({ z }) => z)).toEqual(first.map(({ z }) => z));
        for (const [k, { data, grid }] of joined.entries()) {
          const plane = first[k]!.data.data;
          expect(grid.scan.affine).toBe(first[0]!.grid.scan.affine);
          // Both channels have the value of the same place in the world.
          expect([...data.data]).toEqual([...plane, ...plane]);
        }
      }
  });

  it('lays them on each other as they are stored where the reader does not, and warns of it', async () => {
    const warned = async (change: Partial<Scan>) => {
      const warnings: unknown[] = [];
      const [first, other] = [stored([0, 1, 2], []), stored([0, 1, 2], [], change)];
      const joined = await joinOf(first, other, {
        onWarning: ({ code, message }, name) => warnings.push([name, code, message]),
      });
      expect([...joined[0]!.data.data]).toEqual([...first[0]!.data.data, ...other[0]!.data.data]);
      return warnings;
    };
    const { affine } = stored([0, 1, 2], [])[0]!.grid.scan;
    expect(await warned({})).toEqual([]);
    const moved = affine.map((v, i) => (i === 3 ? v + 0.5 : v));
    expect(await warned({ affine: moved })).toEqual([
      [
        'case',
        'channel-origin',
        'Channel 1 begins at -6.5, 11, 40 mm and channel 0 at -7, 11, 40 mm: they are laid on each other voxel by voxel, and may not show the same place.',
      ],
    ]);
    const mirrored = affine.map((v, i) => (i === 0 ? -v : v));
    expect(await warned({ affine: mirrored })).toEqual([
      [
        'case',
        'channel-direction',
        'The axes of channel 1 run otherwise than those of channel 0 (LAS and RAS, 180 degrees apart at most): they are laid on each other voxel by voxel, and do not show the same place.',
      ],
    ]);
    // What numpy.allclose takes for rounding is rounding here too.
    expect(await warned({ affine: affine.map((v, i) => (i === 3 ? v + 6e-5 : v)) })).toEqual([]);
    expect(await warned({ affine: affine.map((v, i) => (i === 3 ? v + 8e-5 : v)) })).toHaveLength(1);
  });

  it('refuses channels whose voxels are of another size, as nnU-Net does', async () => {
    const first = stored([0, 1, 2], []);
    const spaced = (spacing: Triple) => joinOf(first, stored([0, 1, 2], [], { spacing }), {});
    await expect(spaced([3.1, 2, 1.5])).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message:
        'case: channel 1 has voxels of 3.1, 2, 1.5 mm and channel 0 of 3, 2, 1.5 mm, so that they do not lie on each other, and nnU-Net refuses them too; resample the channels of a case to one grid first.',
    });
    expect(await spaced([3.00002, 2, 1.5])).toHaveLength(5);
    await expect(spaced([3.00004, 2, 1.5])).rejects.toMatchObject({ code: 'scan-unsuitable' });
  });

  it('compares shapes and spacings as they are once turned', async () => {
    const [first, other] = [stored([0, 1, 2], []), stored([2, 0, 1], [true])];
    await expect(joinOf(first, other, {})).rejects.toThrow('channel 1 has 4x3x5 voxels and channel 0 5x4x3');
    expect(await joinOf(first, other, { reader: 'ras' })).toHaveLength(5);
  });

  it('refuses to turn a channel without a spool, and one whose affine says nothing', async () => {
    const [first, other] = [stored([0, 1, 2], []), stored([0, 1, 2], [true])];
    await expect(joinOf(first, other, { reader: 'ras', spool: false })).rejects.toMatchObject({
      code: 'scan-unsuitable',
      option: 'spool',
      message:
        'case: channel 1 is stored along other axes than channel 0, and turning it takes the whole of it; run it with the spool stage (`spool`).',
    });
    expect(await joinOf(first, first, { reader: 'ras', spool: false })).toHaveLength(5);
    const singular = stored([0, 1, 2], [], { affine: new Array<number>(16).fill(0) });
    await expect(joinOf(first, singular, { reader: 'ras' })).rejects.toThrow('its affine is singular');
  });

  it('tells of a turned channel that ends early, and gives its file back', async () => {
    const before = openDescriptors();
    const [first, other] = [stored([0, 1, 2], []), stored([0, 1, 2], [true])];
    await expect(joinOf(first, other.slice(0, 4), { reader: 'ras' })).rejects.toMatchObject({ code: 'truncated' });
    const endless = new Readable({ objectMode: true, read() {} });
    endless.push(other[0]);
    const joined = join({ channels: [endless], reader: 'ras' });
    joined.write(first[0]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(openDescriptors()).toBeGreaterThanOrEqual(before);
    joined.destroy();
    await finished(joined).catch(() => {});
    expect(openDescriptors()).toBe(before);
  });
});
