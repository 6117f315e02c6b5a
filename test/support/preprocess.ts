import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Grid, Slice } from '../../src/chunks.js';
import { prepared } from '../../src/pipeline.js';
import type { Plan } from '../../src/plan.js';
import { join } from '../../src/stages/join.js';
import { load } from '../../src/stages/load.js';

/** A whole grid in memory, [c, z, y, x]: what tests compare. */
export interface Volume {
  readonly grid: Grid;
  readonly data: Float32Array;
  readonly nonzero: Uint8Array | null;
}

/** Slices of one scan of one channel a file. */
export function slicesOf(files: readonly string[]): AsyncIterable<Slice> {
  const [first, ...channels] = files.map((file) => createReadStream(file).pipe(load({ case: file })));
  return channels.length === 0 ? first! : first!.pipe(join({ channels }));
}

/** Prepared as the pipeline prepares a scan, gathered. */
export async function preprocess(slices: AsyncIterable<Slice> | Iterable<Slice>, plan: Plan): Promise<Volume> {
  return gather([Readable.from(slices, { highWaterMark: 1 }), ...prepared({ plan })]);
}

/** Runs streams and puts the slices that come out together. */
export async function gather(streams: NodeJS.ReadWriteStream[] | unknown[]): Promise<Volume> {
  let volume: Volume | null = null;
  let next = 0;
  await pipeline([
    ...(streams as NodeJS.ReadWriteStream[]),
    async (source: AsyncIterable<Slice>) => {
      for await (const { grid, z, data, nonzero } of source) {
        const [depth, height, width] = grid.shape;
        const plane = height * width;
        volume ??= {
          grid,
          data: new Float32Array(grid.channels * depth * plane),
          nonzero: nonzero ? new Uint8Array(depth * plane) : null,
        };
        if (z !== next++) throw new Error(`slice ${z} came where ${next - 1} was due`);
        for (let c = 0; c < grid.channels; c++) {
          volume.data.set(data.data.subarray(c * plane, (c + 1) * plane), (c * depth + z) * plane);
        }
        if (nonzero) volume.nonzero!.set(nonzero.data, z * plane);
      }
    },
  ] as never);
  if (volume === null) throw new Error('no slice came');
  if (next !== (volume as Volume).grid.shape[0]) throw new Error(`${next} slices came`);
  return volume;
}
