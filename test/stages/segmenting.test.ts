import { readdirSync, readFileSync } from 'node:fs';
import { join as joinPath } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import type { Grid, LabelSlice, LogitSlice, Slice, Triple } from '../../src/chunks.js';
import { layTiles } from '../../src/maths/window/tiling.js';
import { fork } from '../../src/stages/fork.js';
import { join } from '../../src/stages/join.js';
import { restore } from '../../src/stages/restore.js';
import { saveProbabilities } from '../../src/stages/save-probabilities.js';
import { uncrop } from '../../src/stages/uncrop.js';
import { temporaryFolder } from '../support/folder.js';
import { gridOf, scanOf } from '../support/grids.js';

async function collect<T>(...streams: unknown[]): Promise<T[]> {
  const out: T[] = [];
  await pipeline([
    ...streams,
    async (chunks: AsyncIterable<T>) => {
      for await (const chunk of chunks) out.push(chunk);
    },
  ] as never);
  return out;
}

describe('fork', () => {
  it('gives every chunk to both, in order', async () => {
    const seen: number[] = [];
    const branch = async (chunks: AsyncIterable<number>) => {
      for await (const chunk of chunks) seen.push(chunk);
    };
    expect(await collect<number>(Readable.from([1, 2, 3, 4]), fork(branch))).toEqual([1, 2, 3, 4]);
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('lets the slower one set the pace, on either side', async () => {
    for (const slow of ['branch', 'main']) {
      let [made, taken, most] = [0, 0, 0];
      const source = Readable.from(
        (function* () {
          for (; made < 40; made++) {
            most = Math.max(most, made - taken);
            yield made;
          }
        })(),
        { highWaterMark: 1 },
      );
      const wait = () => new Promise((resolve) => setTimeout(resolve, 1));
      const stepping = fork<number>(async (chunks) => {
        for await (const _ of chunks) {
          if (slow !== 'branch') continue;
          await wait();
          taken++;
        }
      });
      const sink = new Writable({
        objectMode: true,
        highWaterMark: 1,
        write(_chunk, _encoding, done) {
          if (slow !== 'main') return done();
          wait().then(() => {
            taken++;
            done();
          });
        },
      });
      await pipeline(source, stepping, sink);
      expect(most).toBeLessThanOrEqual(8);
    }
  });

  it('ends both where one fails', async () => {
    const broken = fork<number>(async (chunks) => {
      for await (const chunk of chunks) if (chunk === 2) throw new Error('the branch broke');
    });
    await expect(collect(Readable.from([1, 2, 3, 4, 5, 6]), broken)).rejects.toThrow('the branch broke');

    let told: unknown = 'nothing';
    const listening = fork<number>(async (chunks) => {
      try {
        for await (const _ of chunks);
        told = 'the end';
      } catch (error) {
        told = error;
        throw error;
      }
    });
    const failing = async (chunks: AsyncIterable<number>) => {
      for await (const chunk of chunks) if (chunk === 2) throw new Error('the trunk broke');
    };
    await expect(pipeline(Readable.from([1, 2, 3]), listening, failing)).rejects.toThrow('the trunk broke');
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toBeInstanceOf(Error);
  });

  it('waits for a branch that is still at work when the chunks have ended', async () => {
    let finished = false;
    const lingering = fork<number>(async (chunks) => {
      for await (const _ of chunks);
      await new Promise((resolve) => setTimeout(resolve, 20));
      finished = true;
    });
    await collect(Readable.from([1]), lingering);
    expect(finished).toBe(true);
  });

  it('goes on without a branch that has had enough', async () => {
    const first = fork<number>(async (chunks) => {
      for await (const _ of chunks) return;
    });
    expect((await collect(Readable.from([1, 2, 3, 4, 5]), first)).length).toBe(5);
  });
});

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
});

describe('uncrop', () => {
  it('puts every label where it came from, whatever the order and direction of the axes', async () => {
    const size = fc.integer({ min: 1, max: 5 });
    const orders: Triple[] = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(size, size, size),
        fc.constantFrom(...orders),
        fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
        fc.infiniteStream(fc.nat()),
        fc.boolean(),
        async (shape, axes, flipped, numbers, wide) => {
          const whole = axes.map((axis) => shape[axis]);
          const draw = () => numbers.next().value as number;
          const start = whole.map((n) => draw() % n) as unknown as Triple;
          const stop = whole.map((n, i) => start[i] + 1 + (draw() % (n - start[i]))) as unknown as Triple;
          const boxShape = start.map((a, i) => stop[i] - a) as unknown as Triple;
          const scan = scanOf(shape);
          const grid: Grid = gridOf(scan, { axes, flipped, box: { start, stop }, shape: boxShape });
          // The label of a voxel of the scan: never 0, never twice.
          const expected = new Uint16Array(shape[0] * shape[1] * shape[2]);
          const slices: LabelSlice[] = [];
          for (let z = 0, label = 1; z < boxShape[0]; z++) {
            const labels = wide
              ? new Uint16Array(boxShape[1] * boxShape[2])
              : new Uint8Array(boxShape[1] * boxShape[2]);
            for (let y = 0, i = 0; y < boxShape[1]; y++) {
              for (let x = 0; x < boxShape[2]; x++, i++, label++) {
                labels[i] = label;
                const at = [0, 0, 0];
                [z, y, x].forEach((v, a) => {
                  const p = v + start[a];
                  at[axes[a]] = flipped[a] ? whole[a] - 1 - p : p;
                });
                expected[(at[0] * shape[1] + at[1]) * shape[2] + at[2]] = label;
              }
            }
            slices.push({
              grid,
              tiling: layTiles(grid.shape, grid.shape, 1),
              z,
              data: ndarray(labels, [boxShape[1], boxShape[2]]) as LabelSlice['data'],
            });
          }
          const out = await collect<LabelSlice>(Readable.from(slices), uncrop());
          expect(out.map((s) => s.z)).toEqual(Array.from({ length: shape[0] }, (_, z) => z));
          expect(out.flatMap((s) => [...s.data.data])).toEqual([...expected]);
          expect(out[0].grid.shape).toEqual(shape);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('says when slices are missing', async () => {
    const grid = gridOf(scanOf([3, 1, 1]));
    const one = { grid, tiling: layTiles(grid.shape, grid.shape, 1), z: 0, data: ndarray(new Uint8Array(1), [1, 1]) };
    await expect(collect(Readable.from([one]), uncrop())).rejects.toMatchObject({ code: 'truncated' });
  });
});

describe('restore', () => {
  const plan = { reader: 'as-stored', transposeForward: [0, 1, 2] } as const;
  const segmentation = { resampling: { order: 1, orderZ: 0, forceSeparateZ: null } } as const;
  const ramp = (grid: Grid, classes: number): LogitSlice[] =>
    Array.from({ length: grid.shape[0] }, (_, z) => ({
      grid,
      tiling: layTiles(grid.shape, grid.shape, 1),
      z,
      data: ndarray(
        Float32Array.from({ length: classes * grid.shape[1] * grid.shape[2] }, (_, i) => 100 * z + i),
        [classes, grid.shape[1], grid.shape[2]],
      ),
    }));

  it('interpolates every class to the box, nearest along a separate axis', async () => {
    // 1x1x2 voxels of 8x1x2 mm to 2x1x4 of 4x1x1: z is separate.
    const scan = { ...scanOf([2, 1, 4]), spacing: [4, 1, 1] as const };
    const grid = gridOf(scan, { shape: [1, 1, 2], spacing: [8, 1, 2] });
    const out = await collect<LogitSlice>(Readable.from(ramp(grid, 2)), restore({ plan, segmentation }));
    expect(out.map(({ data }) => [...data.data])).toEqual([
      [0, 0.25, 0.75, 1, 2, 2.25, 2.75, 3],
      [0, 0.25, 0.75, 1, 2, 2.25, 2.75, 3],
    ]);
    expect(out[0].grid).toMatchObject({ shape: [2, 1, 4], spacing: [4, 1, 1] });
  });

  it('takes the separate axis that nnU-Net v1 takes', async () => {
    // 2x1x1 voxels of 8x1x1 mm along the scan's [x, z, y]: x is coarse. v1 looks up axis 0 when it
    // has turned back to [z, y, x], so x is interpolated.
    const grid = gridOf(scanOf([1, 1, 16]), {
      axes: [2, 0, 1],
      box: { start: [0, 0, 0], stop: [16, 1, 1] },
      shape: [2, 1, 1],
      spacing: [8, 1, 1],
    });
    const turned = { reader: 'as-stored', transposeForward: [2, 0, 1] } as const;
    const along = async (more: object) => {
      const out = restore({ plan: { ...turned, ...more }, segmentation });
      const slices = await collect<LogitSlice>(Readable.from(ramp(grid, 1)), out);
      return slices.map(({ data }) => data.data[0] / 100);
    };
    expect(await along({ order: 'normalise-first' })).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
    const line = Array.from({ length: 16 }, (_, i) => Math.min(Math.max((i + 0.5) / 8 - 0.5, 0), 1));
    expect(await along({ order: 'resample-first' })).toEqual(line.map((v) => expect.closeTo(v, 6)));
  });

  it('hands slices on as they are where the shape stays', async () => {
    const slices = ramp(gridOf(scanOf([2, 2, 2])), 1);
    const out = await collect<LogitSlice>(Readable.from(slices), restore({ plan, segmentation }));
    expect(out.map((s) => s.data)).toEqual(slices.map((s) => s.data));
  });

  it('says when slices are missing or out of order', async () => {
    const slices = ramp(gridOf(scanOf([3, 2, 2])), 1);
    const through = (some: LogitSlice[]) => collect(Readable.from(some), restore({ plan, segmentation }));
    await expect(through(slices.slice(0, 2))).rejects.toMatchObject({ code: 'truncated' });
    await expect(through(slices.slice(1))).rejects.toMatchObject({ code: 'scan-unsuitable' });
  });
});

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
    const [passed] = await collect<LogitSlice>(
      Readable.from([{ grid, z: 0, data: logits }]),
      saveProbabilities({ to, segmentation }),
    );
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
    await collect(Readable.from(slices), saveProbabilities({ to, segmentation }));
    const bytes = gunzipSync(readFileSync(to));
    expect([...new Float32Array(Uint8Array.from(bytes.subarray(352)).buffer)]).toEqual(
      [0.5, 0.5, 0.8, 0.8].map((v) => expect.closeTo(v, 6)),
    );
    const short = collect(
      Readable.from(slices.slice(1)),
      saveProbabilities({ to: joinPath(folder, 'q.nii'), segmentation }),
    );
    await expect(short).rejects.toMatchObject({ code: 'truncated' });
    expect(readdirSync(folder)).toEqual(['p.nii.gz']);
  });
});
