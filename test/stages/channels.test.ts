import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Slice, Triple } from '../../src/chunks.js';
import { geometryOf } from '../../src/formats/nifti/affine.js';
import { createNiftiWriter } from '../../src/formats/nifti/write.js';
import { scanned, spooled } from '../../src/pipeline.js';
import type { Plan } from '../../src/plan.js';
import { all } from '../../src/stages/collectors.js';
import cases from '../fixtures/channels.json' with { type: 'json' };
import { temporaryFolder } from '../support/folder.js';
import { planOf } from '../support/plans.js';

/** The formula of test/oracle/channels.py. */
const valueAt = (x: number, y: number, z: number, c: number) => ((x + 7 * y + 31 * z) * (c + 3)) % 1009;

/** A file as the oracle's, written by our own writer. */
async function writeChannel(path: string, affine: readonly number[], [width, height, depth]: Triple, c: number) {
  const shape: Triple = [depth, height, width];
  const writer = await createNiftiWriter(path, { shape, dataType: 'int16', geometry: geometryOf(affine) });
  for (let z = 0; z < depth; z++)
    await writer.write(
      Int16Array.from({ length: height * width }, (_, i) => valueAt(i % width, Math.floor(i / width), z, c)),
    );
  await writer.commit();
}

describe('channels of a case, beside what nnU-Net reads of the same files', () => {
  for (const reader of ['SimpleITKIO', 'NibabelIO', 'NibabelIOWithReorient']) {
    it(`${reader}: refuses, warns and gives the same voxels`, async () => {
      const folder = await temporaryFolder();
      const known = cases.filter((one) => one.reader === reader);
      expect(known.length).toBeGreaterThan(10);
      for (const [i, expected] of known.entries()) {
        const files = expected.channels.map((_, c) => join(folder, `${i}_000${c}.nii`));
        for (const [c, { affine, shape }] of expected.channels.entries())
          await writeChannel(files[c]!, affine, shape as unknown as Triple, c);
        const plan: Plan = {
          ...planOf(),
          reader: reader === 'NibabelIOWithReorient' ? 'ras' : 'as-stored',
          cropToNonzero: false,
          channels: files.map((_, c) => ({ name: String(c), scheme: 'NoNormalization', useNonzeroMask: false })),
        };
        const warned: string[] = [];
        const slices = scanned(
          files.map((file) => ({ file, bytes: createReadStream(file) })),
          { plan, onWarning: ({ code }) => warned.push(code) },
        );
        const read = slices.to(spooled({ plan })).run(all<Slice>());
        if (expected.refused) {
          const what = { shape: /voxels and channel 0/, spacing: /voxels of .* mm and channel 0 of/ }[expected.refused];
          await expect(read, `case ${i}`).rejects.toThrow(what!);
          continue;
        }
        const found = await read;
        const [first] = found;
        const [, depth, height, width] = expected.shape!;
        expect(first!.grid.shape, `case ${i}`).toEqual([depth, height, width]);
        first!.grid.spacing.forEach((mm, axis) => {
          expect(mm, `case ${i}`).toBeCloseTo(expected.spacing![axis]!, 5);
        });
        // nibabel's affine says both at once.
        const ofChannels = warned.filter((code) => code.startsWith('channel-')).sort();
        if (reader === 'SimpleITKIO')
          expect([...new Set(ofChannels)], `case ${i}`).toEqual(
            expected.warned!.map((what) => `channel-${what}`).sort(),
          );
        else expect(ofChannels.length > 0, `case ${i}`).toBe(expected.warned!.includes('affine'));
        const values = expected.positions!.map((at) => {
          const plane = height! * width!;
          const [c, z] = [Math.floor(at / (depth! * plane)), Math.floor(at / plane) % depth!];
          return found[z]!.data.data[c * plane + (at % plane)];
        });
        expect(values, `case ${i}`).toEqual(expected.values);
      }
    });
  }
});
