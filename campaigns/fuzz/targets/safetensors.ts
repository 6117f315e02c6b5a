import { decodeSafetensors, encodeSafetensors } from '../../../src/detectors/safetensors.js';
import { SegcanaryError } from '../../../src/errors.js';
import type { Dice } from '../../dice.js';
import { expect, Finding } from '../finding.js';
import { concat, mutateBytes } from '../mutate/bytes.js';
import { mutateJson } from '../mutate/json.js';
import type { Target } from '../target.js';

const file = 'statistics.safetensors';

/** Safetensors through the decoder, compared with a second reading of the header. */
export const safetensors: Target = {
  name: 'safetensors',
  weight: 15,
  limit: 2000,
  file,
  run(dice) {
    const bytes = mutateSafetensors(plain(dice), dice);
    let tensors: ReturnType<typeof decodeSafetensors>;
    try {
      tensors = decodeSafetensors(bytes);
    } catch (error) {
      // The decoder does not know the file's name: whoever does makes a sentence of its half.
      if ((error as Error).constructor !== Error) throw error;
      throw new SegcanaryError('detector-corrupt', `${file}: ${(error as Error).message}; fit the detector again.`);
    }
    compare(tensors, bytes);
  },
};

function plain(dice: Dice): Uint8Array {
  const [r, d] = [dice.int(1, 4), dice.int(1, 5)];
  const numbers = (n: number) => Float64Array.from({ length: n }, () => dice.float() - 0.5);
  return concat(
    encodeSafetensors({ mean: { shape: [d], data: numbers(d) }, whitener: { shape: [r, d], data: numbers(r * d) } }),
  );
}

/** The header's fields, the length before it, or bytes anywhere. */
export function mutateSafetensors(bytes: Uint8Array, dice: Dice): Uint8Array {
  const kind = dice.int(0, 9);
  if (kind === 0) return bytes;
  if (kind < 4) return mutateBytes(bytes, dice);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 8 + Number(view.getBigUint64(0, true));
  const text = new TextEncoder().encode(mutateHeader(new TextDecoder().decode(bytes.subarray(8, end)), dice));
  const length = new DataView(new ArrayBuffer(8));
  const wrong = dice.chance(0.1) ? dice.pick([0n, 1n, 2n ** 31n, 2n ** 53n, 2n ** 64n - 1n]) : BigInt(text.length);
  length.setBigUint64(0, wrong, true);
  return concat([new Uint8Array(length.buffer), text, bytes.subarray(end)]);
}

function mutateHeader(text: string, dice: Dice): string {
  if (dice.chance(0.5)) return mutateJson(text, dice);
  // Offsets that lie: overlapping, swapped, negative, beyond the end, with holes.
  const header = JSON.parse(text) as Record<string, { shape: number[]; data_offsets: number[] }>;
  const entry = header[dice.pick(Object.keys(header))];
  const by = dice.pick([-8, 8, 1, 1e9, -1e9, 2 ** 53]);
  if (dice.chance(0.3)) entry.data_offsets = entry.data_offsets.map((at) => at + by);
  else if (dice.chance(0.5)) entry.data_offsets.reverse();
  else entry.shape = dice.pick([[0], [2 ** 31, 2 ** 31], [1e308, 10], [], [...entry.shape, 1], [entry.shape[0] + 1]]);
  return JSON.stringify(header);
}

function compare(tensors: ReturnType<typeof decodeSafetensors>, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, end))) as Record<
    string,
    { shape: number[]; data_offsets: [number, number] }
  >;
  // A tensor named __proto__ is nobody's, and zod leaves it out.
  const names = Object.keys(header).filter((name) => name !== '__metadata__' && name !== '__proto__');
  expect(Object.keys(tensors).sort().join() === names.sort().join(), `tensors ${Object.keys(tensors)}, not ${names}`);
  const taken: [number, number][] = [];
  for (const name of names) {
    const {
      shape,
      data_offsets: [from, to],
    } = header[name];
    const { data, shape: found } = tensors[name];
    expect(String(found) === String(shape), `${name} has shape ${found}`);
    expect(data.length === (to - from) / 8 && end + to <= bytes.length, `${name} has ${data.length} numbers`);
    if (taken.some(([a, b]) => from < b && to > a)) throw new Finding(`${name} overlaps another tensor`);
    taken.push([from, to]);
    for (let i = 0; i < data.length; i++)
      expect(
        Number.isFinite(data[i]) && Object.is(data[i], view.getFloat64(end + from + 8 * i, true)),
        `${name}[${i}] is ${data[i]}`,
      );
  }
}
