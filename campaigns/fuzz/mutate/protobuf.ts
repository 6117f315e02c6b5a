import type { Dice } from '../../dice.js';
import { concat } from './bytes.js';

/**
 * A field as it lies in the bytes. Bodies of length-delimited fields may be messages: nobody can
 * tell, so they are taken apart where they parse.
 */
interface Field {
  number: number;
  wire: number;
  /** What a varint holds; the fixed ones are bytes. */
  value: bigint;
  body: Uint8Array;
  parts: Field[] | null;
}

/**
 * Protobuf with one to three changes: values, lengths, field numbers, wire types; fields dropped,
 * doubled, moved, nested into themselves.
 */
export function mutateProtobuf(bytes: Uint8Array, dice: Dice): Uint8Array {
  const fields = parse(bytes, 0);
  if (fields === null) return bytes;
  for (let i = dice.int(1, 3); i > 0; i--) change(fields, dice);
  return write(fields);
}

const numbers = [
  0n,
  1n,
  2n,
  7n,
  14n,
  127n,
  128n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
  2n ** 63n,
  2n ** 64n - 1n,
  1_000_000_000n,
];

function change(root: Field[], dice: Dice): void {
  // Down from the top, so that shallow fields, of which there are few, are met as often as the
  // weights' many.
  let list = root;
  for (;;) {
    const inner = list.filter(({ parts }) => parts !== null && parts.length > 0);
    if (inner.length === 0 || dice.chance(0.25)) break;
    list = dice.pick(inner).parts!;
  }
  if (list.length === 0) return;
  const at = dice.int(0, list.length - 1);
  const field = list[at];
  switch (dice.int(0, 9)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      list.splice(dice.int(0, list.length), 0, field);
      break;
    case 2:
      field.number = dice.pick([1, 2, 4, 5, 6, 7, 13, 14, 15, 20, 22, 25, 26, 1000, field.number + 1]);
      break;
    case 3:
      field.wire = dice.pick([0, 1, 2, 3, 4, 5, 6]);
      break;
    case 4:
      list.splice(at, 1);
      dice.pick([list, root]).push(field);
      break;
    case 5: {
      const other = dice.pick(list);
      [field.body, other.body] = [other.body, field.body];
      [field.parts, other.parts] = [other.parts, field.parts];
      break;
    }
    case 6:
      if (field.wire === 2) {
        field.body = field.body.subarray(0, dice.int(0, field.body.length));
        field.parts = null;
      }
      break;
    default:
      field.value = dice.pick(numbers);
      if (field.wire === 2 && field.parts === null)
        field.body = dice.chance(0.5) ? new TextEncoder().encode(dice.pick(names)) : varint(dice.pick(numbers));
  }
}

const names = [
  '',
  'Conv',
  'Relu',
  'Resize',
  'If',
  'Loop',
  'Scan',
  'ai.onnx.ml',
  'com.microsoft',
  'strides',
  'group',
  'input',
  '__proto__',
  'x'.repeat(3000),
];

function parse(bytes: Uint8Array, depth: number): Field[] | null {
  const fields: Field[] = [];
  let at = 0;
  const next = (): bigint | null => {
    let value = 0n;
    for (let shift = 0n; at < bytes.length && shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return BigInt.asUintN(64, value);
    }
    return null;
  };
  while (at < bytes.length) {
    const tag = next();
    if (tag === null || tag < 8n || tag > 8n * 2n ** 20n) return null;
    const wire = Number(tag & 7n);
    const field: Field = { number: Number(tag >> 3n), wire, value: 0n, body: new Uint8Array(0), parts: null };
    if (wire === 0 || wire === 2) {
      const value = next();
      if (value === null) return null;
      field.value = value;
    } else if (wire !== 1 && wire !== 5) return null;
    const length = wire === 2 ? Number(field.value) : wire === 1 ? 8 : wire === 5 ? 4 : 0;
    if (at + length > bytes.length) return null;
    field.body = bytes.subarray(at, at + length);
    at += length;
    // Weights would parse as anything.
    if (wire === 2 && length > 1 && depth < 8 && (field.number !== 9 || depth < 2))
      field.parts = parse(field.body, depth + 1);
    fields.push(field);
  }
  return fields;
}

function write(fields: readonly Field[]): Uint8Array {
  return concat(
    fields.flatMap(({ number, wire, value, body, parts }) => {
      const tag = varint((BigInt(number) << 3n) | BigInt(wire));
      if (wire === 0) return [tag, varint(value)];
      if (wire === 1 || wire === 5) return [tag, fixed(body, wire === 1 ? 8 : 4)];
      if (wire !== 2) return [tag];
      const inner = parts === null ? body : write(parts);
      return [tag, varint(BigInt(inner.length)), inner];
    }),
  );
}

const fixed = (body: Uint8Array, length: number) => Uint8Array.from({ length }, (_, i) => body[i] ?? 0);

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Uint8Array.from(bytes);
}
