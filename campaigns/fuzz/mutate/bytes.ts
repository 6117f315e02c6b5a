import type { Dice } from '../../dice.js';

type Mutation = (bytes: Uint8Array, dice: Dice, other: Uint8Array) => Uint8Array;

const at = (bytes: Uint8Array, dice: Dice) => dice.int(0, Math.max(0, bytes.length - 1));

const flip: Mutation = (bytes, dice) => {
  const out = Uint8Array.from(bytes);
  if (out.length > 0) out[at(out, dice)] ^= 1 << dice.int(0, 7);
  return out;
};
const overwrite: Mutation = (bytes, dice) => {
  const out = Uint8Array.from(bytes);
  const from = at(out, dice);
  const value = dice.pick([0, 1, 0x7f, 0x80, 0xff]);
  out.fill(value, from, from + dice.int(1, 8));
  return out;
};
const truncate: Mutation = (bytes, dice) => bytes.slice(0, at(bytes, dice));
const behead: Mutation = (bytes, dice) => bytes.slice(dice.int(1, 16));
const insert: Mutation = (bytes, dice) => {
  const from = at(bytes, dice);
  return concat([bytes.subarray(0, from), dice.bytes(dice.int(1, 16)), bytes.subarray(from)]);
};
const remove: Mutation = (bytes, dice) => {
  const from = at(bytes, dice);
  return concat([bytes.subarray(0, from), bytes.subarray(from + dice.int(1, 64))]);
};
const duplicate: Mutation = (bytes, dice) => {
  const from = at(bytes, dice);
  const piece = bytes.subarray(from, from + dice.int(1, 256));
  return concat([bytes.subarray(0, from), piece, bytes.subarray(from)]);
};
const append: Mutation = (bytes, dice) =>
  concat([bytes, dice.chance(0.5) ? new Uint8Array(dice.int(1, 600)) : dice.bytes(dice.int(1, 40))]);
/** The beginning of one file and the end of another. */
const splice: Mutation = (bytes, dice, other) =>
  concat([bytes.subarray(0, at(bytes, dice)), other.subarray(at(other, dice))]);

const mutations = [flip, flip, flip, overwrite, truncate, behead, insert, remove, duplicate, append, splice];

/** One to three changes that know nothing of the format. */
export function mutateBytes(bytes: Uint8Array, dice: Dice, other: Uint8Array = bytes): Uint8Array {
  let out = bytes;
  for (let i = dice.int(1, 3); i > 0; i--) out = dice.pick(mutations)(out, dice, other);
  return out;
}

export function concat(pieces: readonly Uint8Array[]): Uint8Array {
  const buffer = Buffer.concat(pieces);
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}

/** The same bytes in pieces of random size, each a buffer of its own, now and then an empty one. */
export function* chop(bytes: Uint8Array, dice: Dice): Generator<Uint8Array> {
  const largest = dice.pick([1, 3, 16, 300, 4096, 1 << 20]);
  // A byte at a time is tried on small files only: it costs a turn of the event loop each.
  const size = Math.max(largest, Math.ceil(bytes.length / 64));
  for (let from = 0; from < bytes.length; ) {
    const length = dice.chance(0.02) ? 0 : dice.int(1, size);
    yield bytes.slice(from, from + length);
    from += length;
  }
}
