import type { Dice } from '../../dice.js';

type Json = unknown;

/**
 * Stand for text that JSON.stringify cannot write: nesting deeper than its own recursion, and
 * numbers that overflow.
 */
const markers: readonly (readonly [marker: string, text: (dice: Dice) => string])[] = [
  ['@@deep-list@@', (dice) => nest('[', ']', dice)],
  ['@@deep-object@@', (dice) => nest('{"a":', '}', dice, '1')],
  ['@@overflow@@', () => '1e999'],
  ['@@minus-overflow@@', () => '-1e999'],
  ['@@not-a-number@@', () => 'NaN'],
];

const nest = (open: string, close: string, dice: Dice, inner = '') => {
  const depth = dice.pick([10, 1000, 20_000]);
  return open.repeat(depth) + inner + close.repeat(depth);
};

const numbers = [
  -1,
  0,
  0.5,
  1,
  2,
  3,
  255,
  65_536,
  1e6,
  1e9,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  1e30,
  1e-30,
  1e308,
  5e-324,
  -1e9,
];
const texts = [
  '',
  'x',
  'NaN',
  'Infinity',
  'null',
  '0',
  '3d_fullres',
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
];
const nasty = [
  'two\nlines',
  '\u001b[31mred',
  'nul\u0000',
  '\ud800',
  '\u2028',
  '"quoted"',
  'é'.repeat(3),
  'x'.repeat(20_000),
];

function hostile(dice: Dice): Json {
  switch (dice.int(0, 7)) {
    case 0:
    case 1:
      return dice.pick(numbers);
    case 2:
      return dice.pick(texts);
    case 3:
      return dice.pick(nasty);
    case 4:
      return dice.pick(markers)[0];
    case 5:
      return dice.pick([null, true, false, [], {}, [[]], [null], [1, 2], { a: 1 }]);
    case 6:
      return { toString: 1, valueOf: null };
    default:
      return Array.from({ length: dice.pick([1, 3, 4, 2000]) }, () => dice.pick(numbers));
  }
}

const hostileKeys = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  '',
  'two\nlines',
  '0',
  '-1',
  '1e9',
  'x'.repeat(5000),
];

/** A key that is the object's own even where its name is `__proto__`. */
const own = (object: object, key: string, value: Json) =>
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });

type Place = { readonly in: Record<string, Json> | Json[]; readonly key: string };

function places(value: Json, found: Place[] = []): Place[] {
  if (typeof value !== 'object' || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push({ in: value as Place['in'], key });
    places((value as Record<string, Json>)[key], found);
  }
  return found;
}

const valueAt = ({ in: holder, key }: Place): Json => (holder as Record<string, Json>)[key];

function change(root: Json, dice: Dice): Json {
  const all = places(root);
  if (all.length === 0 || dice.chance(0.01)) return hostile(dice);
  // One draw among the places and one among their first levels: long lists of small numbers would
  // else take all.
  const { in: holder, key } = dice.pick(dice.chance(0.5) ? all : all.slice(0, 60));
  const value = valueAt({ in: holder, key });
  switch (dice.int(0, 8)) {
    case 0:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 1:
      if (Array.isArray(holder)) holder.unshift(hostile(dice));
      else own(holder, dice.pick(hostileKeys), dice.chance(0.5) ? value : hostile(dice));
      break;
    case 2:
      if (Array.isArray(holder)) holder.push(structuredClone(value));
      else own(holder, `${key}2`, value);
      break;
    case 3:
      own(holder, key, [value]);
      break;
    case 4:
      own(holder, key, typeof value === 'number' ? String(value) : JSON.stringify(value));
      break;
    case 5:
      own(
        holder,
        key,
        typeof value === 'number' ? dice.pick([-value, value * 1e9, value / 1e9, value + 0.5]) : hostile(dice),
      );
      break;
    case 6:
      // What lies elsewhere in the file, in the wrong place.
      own(holder, key, structuredClone(valueAt(dice.pick(all))));
      break;
    default:
      own(holder, key, hostile(dice));
  }
  return root;
}

/**
 * A JSON text with one to three changes: fields dropped, doubled, retyped, renamed, nested, made
 * huge or hostile.
 */
export function mutateJson(text: string, dice: Dice): string {
  let value: Json = JSON.parse(text);
  for (let i = dice.int(1, 3); i > 0; i--) value = change(value, dice);
  let out = JSON.stringify(value) ?? 'null';
  for (const [marker, write] of markers) if (out.includes(marker)) out = out.split(`"${marker}"`).join(write(dice));
  // The same key twice: the last one counts, and nobody may trip over the first.
  if (dice.chance(0.05)) out = out.replace(/"(\w+)":/, '"$1":null,"$1":');
  if (dice.chance(0.02)) out = out.slice(0, dice.int(0, out.length));
  return out;
}
