import { gzipSync } from 'node:zlib';
import type { Dice } from '../../dice.js';
import { chop } from '../../fuzz/mutate/bytes.js';
import type { Attack } from '../attack.js';
import { Judge, READERS } from '../nifti/judge.js';

const TRIALS = 300;
const FLIPS = 500;

type Change = readonly [what: string, bytes: Uint8Array];

/**
 * Files that hold more than is read, or less than was written: something behind the last voxel or
 * behind the gzip data, dimensions that leave voxels out, and damage to the gzip data itself.
 */
export const trailing: Attack = {
  name: 'trailing',
  async *run({ lab, dice, share }) {
    const judge = await Judge.open(lab);
    const packed = gzipSync(judge.bytes, { level: 1 });
    const changed = function* (): Generator<Change> {
      for (let i = 0; i < Math.ceil(TRIALS * share); i++) yield dice.pick(CHANGES)(judge.bytes, packed, dice);
      for (let i = 0; i < Math.ceil(FLIPS * share); i++) yield flipped(packed, dice);
    };
    for (const [what, bytes] of changed()) {
      const reader = dice.pick(READERS);
      yield judge.trial(what, [...chop(bytes, dice)], reader, () => null);
    }
  },
};

const joined = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

const CHANGES: readonly ((plain: Uint8Array, packed: Uint8Array, dice: Dice) => Change)[] = [
  (plain, _, dice) => {
    const more = dice.bytes(dice.int(1, 6000));
    return [`${more.length} bytes behind the last voxel`, joined(plain, more)];
  },
  (plain, _, dice) => {
    const more = dice.int(1, 6000);
    return [`${more} zeros behind the last voxel, packed`, gzipSync(joined(plain, new Uint8Array(more)), { level: 1 })];
  },
  (plain) => ['the scan twice', joined(plain, plain)],
  (_, packed) => ['the packed scan twice', joined(packed, packed)],
  (_, packed, dice) => {
    const more = gzipSync(dice.bytes(dice.int(1, 3000)));
    return ['another member of gzip', joined(packed, more)];
  },
  (_, packed) => ['an empty member of gzip', joined(packed, gzipSync(''))],
  (_, packed, dice) => {
    const zeros = dice.int(1, 2000);
    return [`${zeros} zeros behind the gzip data`, joined(packed, new Uint8Array(zeros))];
  },
  (_, packed, dice) => {
    const zeros = dice.int(1, 2000);
    const more = dice.chance(0.3) ? packed : joined(Uint8Array.of(dice.int(1, 255)), dice.bytes(dice.int(0, 200)));
    return [
      `${zeros} zeros and ${more.length} bytes behind the gzip data`,
      joined(packed, new Uint8Array(zeros), more),
    ];
  },
  (_, packed, dice) => {
    const more = joined(Uint8Array.of(dice.int(1, 255)), dice.bytes(dice.int(0, 200)));
    return [`${more.length} bytes behind the gzip data`, joined(packed, more)];
  },
  (plain, _, dice) => {
    const bytes = Buffer.from(plain);
    const axis = dice.int(1, 3);
    const fewer = dice.int(1, bytes.readInt16LE(40 + 2 * axis) - 1);
    bytes.writeInt16LE(fewer, 40 + 2 * axis);
    return [`dim[${axis}] of ${fewer}`, dice.chance(0.5) ? bytes : gzipSync(bytes, { level: 1 })];
  },
  (plain, _, dice) => {
    const short = dice.int(1, plain.length);
    const bytes = plain.subarray(0, plain.length - short);
    return [`${short} bytes cut off`, dice.chance(0.5) ? bytes : gzipSync(bytes, { level: 1 })];
  },
];

function flipped(packed: Uint8Array, dice: Dice): Change {
  const bytes = Uint8Array.from(packed);
  // Behind gzip's own header, which says nothing of what is packed.
  const at = dice.int(10, bytes.length - 1);
  const bit = dice.int(0, 7);
  bytes[at] ^= 1 << bit;
  return [`byte ${at} bit ${bit} of the gzip data`, bytes];
}
