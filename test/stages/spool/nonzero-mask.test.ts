import { describe, expect, it } from 'vitest';
import type { Triple } from '../../../src/chunks.js';
import { TempFile } from '../../../src/files/temp-file.js';
import { NonzeroMask } from '../../../src/stages/spool/nonzero-mask.js';
import { temporaryFolder } from '../../support/folder.js';

/** The mask of slices of 0 and 1, one string a row; and how many voxels it says it has. */
async function maskOf(slices: readonly (readonly string[])[], channels = 1) {
  const shape: Triple = [slices.length, slices[0].length, slices[0][0].length];
  const file = TempFile.open(await temporaryFolder(), 'case');
  const mask = new NonzeroMask(file, shape);
  const plane = shape[1] * shape[2];
  for (const [z, rows] of slices.entries()) {
    const data = new Float32Array(channels * plane);
    // Each slice has its voxels in another channel.
    data.set(Array.from(rows.join(''), Number), (z % channels) * plane);
    await mask.push(data);
  }
  const voxels = await mask.resolve();
  const painted: string[][] = [];
  for (let z = 0; z < shape[0]; z++) {
    const target = new Uint8Array(plane).fill(7);
    await mask.paint(z, target);
    painted.push(slices[z].map((_, y) => target.subarray(y * shape[2], (y + 1) * shape[2]).join('')));
  }
  await mask.close();
  return { voxels, painted };
}

const full = ['11111', '11111', '11111'];
const ring = ['11111', '10001', '11111'];

describe('the hole-filled non-zero mask', () => {
  it('fills what is closed in, above and below too', async () => {
    expect(await maskOf([full, ring, full])).toEqual({ voxels: 45, painted: [full, full, full] });
  });

  it('leaves what reaches the border, if only through other slices', async () => {
    expect(await maskOf([ring, ring, full])).toEqual({ voxels: 39, painted: [ring, ring, full] });
    expect(await maskOf([full, ring, ring])).toEqual({ voxels: 39, painted: [full, ring, ring] });
    // The hole of the middle slice opens to the rim of its own slice.
    const open = ['11111', '10000', '11111'];
    expect(await maskOf([full, open, full])).toEqual({ voxels: 41, painted: [full, open, full] });
  });

  it('does not count a way around a corner as one', async () => {
    const corner = ['11111', '10001', '11101'];
    // Two holes that touch diagonally: the second alone reaches the rim.
    expect(await maskOf([full, ['11110', '10001', '11111'], full])).toMatchObject({
      painted: [full, ['11110', '11111', '11111'], full],
    });
    expect((await maskOf([full, corner, full])).painted[1]).toEqual(corner);
  });

  it('is what any channel has', async () => {
    expect(await maskOf([full, ring, full], 2)).toEqual({ voxels: 45, painted: [full, full, full] });
  });

  it('of a scan of zeros is empty', async () => {
    const empty = ['000', '000'];
    expect(await maskOf([empty, empty])).toEqual({ voxels: 0, painted: [empty, empty] });
  });
});
