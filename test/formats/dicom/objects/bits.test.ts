import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BitRun, bytesOf, packed } from '../../../../src/formats/dicom/objects/bits.js';
import { SERIES } from '../../../support/dicom-objects.js';

const isIn = Uint8Array.of(0, 1);

function runOf(frames: readonly (readonly number[])[]): number[] {
  const run = new BitRun(frames[0].length);
  return [...frames.flatMap((frame) => [...run.add(packed(frame, isIn))]), ...run.end()];
}

describe('bits of frames', () => {
  const masks = JSON.parse(readFileSync(join(SERIES, 'bits.json'), 'utf8')) as Record<
    string,
    { readonly frames: number[][]; readonly bytes: number[] }
  >;

  it.each(Object.entries(masks))('are those that pydicom packs: %s', (_, { frames, bytes }) => {
    expect(runOf(frames)).toEqual(bytes);
  });

  it('lie one behind another whatever their number and length', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 9 }),
        fc.infiniteStream(fc.nat(1)),
        (size, count, bits) => {
          const frames = Array.from({ length: count }, () =>
            Array.from({ length: size }, () => bits.next().value as number),
          );
          const bytes = runOf(frames);
          expect(bytes.length).toBe(bytesOf(size * count));
          expect(frames.flat()).toEqual(Array.from({ length: size * count }, (_, i) => (bytes[i >> 3] >> (i & 7)) & 1));
        },
      ),
    );
  });
});
