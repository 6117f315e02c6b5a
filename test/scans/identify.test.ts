import { Readable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { identifyScan } from '../../src/scans/identify.js';
import { AS_IT_LIES, DATA_TYPES, type Layout, padded, placed, type Volume } from '../support/encodings.js';
import { fakeNifti } from '../support/nifti.js';

const volumes: fc.Arbitrary<Volume> = fc
  .record({
    shape: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 5 }), fc.integer({ min: 2, max: 5 })),
    spacing: fc.tuple(...[5, 0.7421875, 0.97655].map((mm) => fc.constantFrom(mm, 1, 2.5))),
    seed: fc.integer(),
  })
  .map(({ shape, spacing, seed }) => ({
    shape: shape as Volume['shape'],
    spacing: spacing as unknown as Volume['spacing'],
    values: Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => Math.imul(i + 1, seed | 1) >>> 24),
  }));
const layouts: fc.Arbitrary<Layout> = fc.record({
  axes: fc.shuffledSubarray([0, 1, 2], { minLength: 3 }).map((axes) => axes as unknown as Layout['axes']),
  flipped: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
});
const types = fc.constantFrom(...Object.keys(DATA_TYPES));

async function identify(volume: Volume, layout: Layout, type: string, version: 1 | 2 = 1) {
  const { fake, values } = placed(volume, layout);
  const bytes = fakeNifti({ ...fake, version, ...DATA_TYPES[type](values) });
  return identifyScan(Readable.from([bytes]), {});
}

describe('identifyScan', () => {
  it('knows a scan in every data type, turned, mirrored and in a margin', async () => {
    await fc.assert(
      fc.asyncProperty(
        volumes,
        layouts,
        types,
        fc.integer({ min: 0, max: 2 }),
        fc.constantFrom(1 as const, 2 as const),
        async (volume, layout, type, margin, version) => {
          const least = volume.values.reduce((a, b) => Math.min(a, b));
          const scan = await identify(volume, AS_IT_LIES, 'uint8');
          const found = await identify(padded(volume, margin, least), layout, type, version);
          expect(found.oriented).toBe(scan.oriented);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('takes a scan with another voxel, anywhere, for another', async () => {
    await fc.assert(
      fc.asyncProperty(volumes, layouts, fc.nat(), async (volume, layout, at) => {
        const values = volume.values.map((value, i) => (i === at % volume.values.length ? 255 - value : value));
        // A volume of one value is nothing but margin, and most of one of two may be.
        fc.pre(new Set(volume.values).size > 2 && new Set(values).size > 2);
        const scan = await identify(volume, AS_IT_LIES, 'int16');
        const other = await identify({ ...volume, values }, layout, 'int16');
        expect(other.oriented).not.toBe(scan.oriented);
        expect(other.voxels).not.toBe(scan.voxels);
      }),
      { numRuns: 150 },
    );
  });

  it('takes a scan that was mirrored, and whose affine was not, for another', async () => {
    const volume: Volume = { shape: [2, 2, 3], spacing: [1, 1, 1], values: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] };
    const mirrored = { ...volume, values: [3, 2, 1, 6, 5, 4, 9, 8, 7, 12, 11, 10] };
    const scan = await identify(volume, AS_IT_LIES, 'uint8');
    const found = await identify(mirrored, AS_IT_LIES, 'uint8');
    expect([found.voxels === scan.voxels, found.oriented === scan.oriented]).toEqual([false, false]);
  });

  it('goes by the voxels as stored where nothing says how they lie', async () => {
    const { fake, values } = placed(
      { shape: [2, 2, 2], spacing: [1, 1, 1], values: [1, 2, 3, 4, 5, 6, 7, 8] },
      AS_IT_LIES,
    );
    const bytes = fakeNifti({ ...fake, sformCode: 0, ...DATA_TYPES.uint8(values) });
    const { voxels, oriented } = await identifyScan(Readable.from([bytes]), {});
    expect(oriented).toBe(voxels);
    expect((await identify({ shape: [2, 2, 2], spacing: [1, 1, 1], values }, AS_IT_LIES, 'int16')).voxels).toBe(voxels);
  });
});
