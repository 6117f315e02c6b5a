import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Slice } from '../../../src/chunks.js';
import { contentIn } from '../../../src/formats/nifti/content.js';
import { type LoadOptions, load } from '../../../src/stages/load.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { chop, mutateBytes } from '../mutate/bytes.js';
import { mutateFields, plainScan } from '../mutate/nifti.js';
import { decodeNifti } from '../oracle/nifti.js';
import type { Target } from '../target.js';

const file = 'scan.nii';

/** Headers and voxels through `load`, compared with a decoder of the campaign's own. */
export const nifti: Target = {
  name: 'nifti',
  weight: 90,
  limit: 2000,
  file,
  async run(dice) {
    let bytes = plainScan(dice);
    if (dice.chance(0.75)) bytes = mutateFields(bytes, dice);
    if (dice.chance(0.3)) bytes = mutateBytes(bytes, dice, plainScan(dice));
    const volume = dice.chance(0.7) ? undefined : dice.int(0, 3);
    // gzip's two bytes belong to the other target.
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) bytes = bytes.slice(1);
    const reader = dice.pick([undefined, 'simpleitk', 'nibabel'] as const);
    const expected = decodeNifti(bytes, volume, reader);
    expect(contentIn(bytes) === null, 'was taken for a result of segcanary');
    const slices = await loadInPieces(bytes, { volume, reader }, dice);
    expect(expected !== null, 'was read, and the other decoder refuses it');
    const { scan } = slices[0].grid;
    expect(close([...scan.shape].reverse(), expected.size), `shape ${scan.shape}, not ${expected.size}`);
    expect(close([...scan.spacing].reverse(), expected.spacing), `spacing ${scan.spacing}, not ${expected.spacing}`);
    expect(
      expected.affine === null || close(scan.affine, expected.affine),
      `affine ${scan.affine}, not ${expected.affine}`,
    );
    let at = 0;
    for (const [z, slice] of slices.entries()) {
      expect(slice.z === z, `slice ${slice.z} came where ${z} was due`);
      const { data } = slice.data;
      for (let i = 0; i < data.length; i++, at++)
        expect(
          Object.is(data[i], expected.values[at]) || data[i] === expected.values[at],
          `voxel ${at} is ${data[i]}, not ${expected.values[at]}`,
        );
    }
    expect(at === expected.values.length, `${at} voxels of ${expected.values.length}`);
  },
};

type Options = Pick<LoadOptions, 'reader'> & { readonly volume: number | undefined };

async function loadInPieces(bytes: Uint8Array, { volume, reader }: Options, dice: Dice): Promise<Slice[]> {
  const slices: Slice[] = [];
  const expected = decodeNifti(bytes, volume, reader);
  try {
    await pipeline(
      Readable.from(chop(bytes, dice), { objectMode: false }),
      load({ case: file, volume, reader }),
      async (chunks: AsyncIterable<Slice>) => {
        for await (const slice of chunks) slices.push(slice);
      },
    );
  } catch (error) {
    expect(expected === null, `was refused (${(error as Error).message}), and the other decoder reads it`);
    throw error;
  }
  return slices;
}

/** Within rounding of the largest of them. */
function close(actual: readonly number[], expected: readonly number[]): boolean {
  const scale = Math.max(...expected.map(Math.abs));
  return actual.length === expected.length && actual.every((v, i) => Math.abs(v - expected[i]) <= 1e-6 * scale);
}
