import { createReadStream } from 'node:fs';
import type { Slice, Triple } from '../../src/chunks.js';
import { geometryOf } from '../../src/formats/nifti/affine.js';
import { createNiftiWriter } from '../../src/formats/nifti/write.js';
import { load } from '../../src/stages/load.js';
import { collect } from './streams.js';

export interface Turn {
  /** The old axis, 0 for x, that each of the new x, y and z runs along. */
  readonly axes: Triple;
  /** Whether it runs backwards. */
  readonly flips: readonly boolean[];
}

/** The same scan stored along other axes, its affine turned with it, as int16. */
export async function writeTurned(from: string, to: string, { axes, flips }: Turn): Promise<string> {
  const slices = await collect<Slice>(createReadStream(from), load({ case: from }));
  const { scan } = slices[0]!.grid;
  const old = [...scan.shape].reverse();
  const [width, height, depth] = axes.map((axis) => old[axis]!) as [number, number, number];
  const affine = [...scan.affine];
  axes.forEach((axis, column) => {
    for (let row = 0; row < 12; row += 4) {
      const step = scan.affine[row + axis]!;
      affine[row + column] = flips[column] ? -step : step;
      if (flips[column]) affine[row + 3]! += step * (old[axis]! - 1);
    }
  });
  const shape: Triple = [depth, height, width];
  const writer = await createNiftiWriter(to, { shape, dataType: 'int16', geometry: geometryOf(affine) });
  for (let z = 0; z < depth; z++) {
    const plane = new Int16Array(height * width);
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++) {
        const at = [0, 0, 0];
        [x, y, z].forEach((i, column) => {
          const n = [width, height, depth][column]!;
          at[axes[column]!] = flips[column] ? n - 1 - i : i;
        });
        plane[y * width + x] = slices[at[2]!]!.data.get(0, at[1]!, at[0]!);
      }
    await writer.write(plane);
  }
  await writer.commit();
  return to;
}
