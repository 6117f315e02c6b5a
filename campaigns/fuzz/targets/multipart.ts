import { isDeepStrictEqual } from 'node:util';
import { DICOM_PARTS, relatedParts } from '../../../src/protocol/multipart-related.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { chop, concat, mutateBytes } from '../mutate/bytes.js';
import type { Target } from '../target.js';

const file = 'the body';
const BOUNDARIES = ['b', 'segcanary-1', 'a b', "'()+_,-./:=?"];

/** multipart/related bodies, taken apart by the reader of server and client. */
export const multipart: Target = {
  name: 'multipart',
  weight: 15,
  limit: 2000,
  file,
  async run(dice) {
    const boundary = dice.pick(BOUNDARIES);
    const right = Array.from({ length: dice.int(0, 4) }, () => partOf(dice, boundary));
    const body = bodyOf(right, boundary, dice);
    const isHarmed = dice.chance(0.6);
    const isOther = dice.chance(0.05);
    const type = `${DICOM_PARTS}; boundary="${isOther ? dice.pick(BOUNDARIES) : boundary}"`;
    const found: string[] = [];
    const given = isHarmed ? mutateBytes(body, dice) : body;
    let read = 0;
    for await (const { bytes } of relatedParts(type, pieces(given, dice), { name: file, broken: 'usage' })) {
      const all: Uint8Array[] = [];
      for await (const piece of bytes) all.push(piece);
      read += concat(all).length;
      found.push(Buffer.from(concat(all)).toString('latin1'));
    }
    expect(read <= given.length, `${read} bytes came of ${given.length}`);
    expect(isHarmed || isOther || isDeepStrictEqual(found, right), `${found.length} parts, other than were sent`);
  },
};

/** Bytes that look like boundaries and hold none. */
function partOf(dice: Dice, boundary: string): string {
  const words = ['\r\n', '--', `--${boundary}`.slice(0, -1), '\r', '\n', `\r\n-${boundary}`, '\0', 'DICM'];
  const text = Array.from({ length: dice.int(0, 30) }, () =>
    dice.chance(0.2) ? Buffer.from(dice.bytes(dice.int(0, 50))).toString('latin1') : dice.pick(words),
  ).join('');
  return `\r\n${text}`.includes(`\r\n--${boundary}`) ? '' : text;
}

function bodyOf(parts: readonly string[], boundary: string, dice: Dice): Uint8Array {
  const padding = () => dice.pick(['', '', ' ', '\t ']);
  const head = () => dice.pick(['Content-Type: application/dicom\r\n', 'A: b\r\n c\r\nContent-Length: 9\r\n', '']);
  const text = [
    dice.pick(['', '\r\n', 'a preamble\r\n']),
    ...parts.map((part) => `--${boundary}${padding()}\r\n${head()}\r\n${part}\r\n`),
    `--${boundary}--`,
    dice.pick(['', '\r\n', '\r\nan epilogue']),
  ];
  return Buffer.from(text.join(''), 'latin1');
}

async function* pieces(bytes: Uint8Array, dice: Dice): AsyncGenerator<Uint8Array> {
  yield* chop(bytes, dice);
}
