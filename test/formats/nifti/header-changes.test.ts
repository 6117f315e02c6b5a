import { describe, expect, it } from 'vitest';
import fixture from '../../fixtures/nifti/header-changes.json' with { type: 'json' };
import { hashOf, numbers, ourOutcome, READERS, type Spelled, unpacked } from '../../support/odd-headers.js';

type Outcome = readonly [shape: readonly number[], spacing: readonly Spelled[], hash: string] | null;

/** A change that nnU-Net refuses and that is taken here: a fourth dimension, of one voxel. */
function hasMoreDimensions(bytes: Buffer): boolean {
  const little = bytes.readInt32LE(0) === 348;
  return (little ? bytes.readInt16LE(40) : bytes.readInt16BE(40)) > 3;
}

describe.each(fixture)('a header of $name', ({ file, outcomes, flips, writes, ofWrites }) => {
  const original = unpacked(file);
  const flipped = Array.from({ length: 348 * 8 }, (_, bit) => {
    const bytes = Buffer.from(original);
    bytes[bit >> 3] ^= 1 << (bit & 7);
    return [`byte ${bit >> 3}, bit ${bit & 7}`, bytes] as const;
  });
  const written = writes.map((places) => {
    const bytes = Buffer.from(original);
    for (const place of places.split('/')) {
      const [at, value] = place.split('=').map(Number);
      bytes[at] = value;
    }
    return [places, bytes] as const;
  });

  it.each(READERS)(
    'with any bit or some bytes changed is what %s reads, refused, or warned of',
    async (name, reader) => {
      const counts = { refused: 0, equal: 0, warned: 0 };
      for (const [changed, ids] of [
        [flipped, flips[name]],
        [written, ofWrites[name]],
      ] as const) {
        expect(changed).toHaveLength(ids.length);
        for (const [i, [what, bytes]] of changed.entries()) {
          const theirs = outcomes[ids[i]] as unknown as Outcome;
          const ours = await ourOutcome(bytes, reader);
          if (ours.refusal) counts.refused++;
          else if (ours.warnings.length > 0) counts.warned++;
          else if (theirs === null) expect(hasMoreDimensions(bytes), what).toBe(true);
          else {
            counts.equal++;
            const mine = { shape: ours.shape, spacing: ours.spacing, hash: hashOf(ours.voxels) };
            const [shape, spacing, hash] = theirs;
            expect(mine, what).toEqual({ shape, spacing: numbers(spacing), hash });
          }
        }
      }
      for (const count of Object.values(counts)) expect(count).toBeGreaterThan(50);
    },
  );
});
