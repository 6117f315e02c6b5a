import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DICOM_PARTS, relatedBody, relatedParts } from '../../src/protocol/multipart-related.js';
import { temporaryFolder } from '../support/folder.js';
import { rangesIn } from '../support/ranges.js';

const TYPE = `${DICOM_PARTS}; boundary="b0"`;
const OPTIONS = { name: 'the body', broken: 'usage' } as const;

async function* cut(body: Uint8Array, at: readonly number[]) {
  let from = 0;
  for (const to of [...at, body.length]) {
    yield body.subarray(from, to);
    from = to;
  }
}

interface Found {
  readonly type: string;
  readonly bytes: string;
}

async function read(pieces: AsyncIterable<Uint8Array>, type = TYPE): Promise<Found[]> {
  const found: Found[] = [];
  for await (const part of relatedParts(type, pieces, OPTIONS)) {
    const all: Buffer[] = [];
    for await (const piece of part.bytes) all.push(Buffer.from(piece));
    found.push({ type: part.type.essence, bytes: Buffer.concat(all).toString('latin1') });
  }
  return found;
}

/** Bytes of which many look like a boundary. */
const pieces = fc
  .array(fc.constantFrom('\r\n', '--', '-', 'b', 'b0', '\r\n--b', '\0', '\xff'), { maxLength: 20 })
  .map((texts) => Buffer.from(texts.join(''), 'latin1'));

/** With what RFC 2046, section 5.1.1 allows: a preamble, padding and an epilogue. */
const WHOLE = Buffer.from(
  'a preamble\r\n--b \r\n--b0 \t\r\nContent-Type: application/dicom;\r\n transfer-syntax=*\r\nX: y\r\n\r\nab\r\n--b\r\n--b1 \r\n\r\n--' +
    '\r\n--b0\r\n\r\nno head' +
    '\r\n--b0\r\nContent-Type: application/DICOM\r\n\r\n\r\n--b0' +
    '\r\nContent-Type: text/plain\r\n\r\n' +
    '\r\n--b0--\r\nan epilogue\r\n--b0\r\n',
);
const EXPECTED: Found[] = [
  { type: 'application/dicom', bytes: 'ab\r\n--b\r\n--b1 \r\n\r\n--' },
  { type: '', bytes: 'no head' },
  { type: 'application/dicom', bytes: '' },
  { type: 'text/plain', bytes: '' },
];
const END = WHOLE.indexOf('--b0--') + '--b0--'.length;

describe('relatedParts', () => {
  it('gives the same parts wherever the body is cut', async () => {
    for (let at = 0; at <= WHOLE.length; at++) expect(await read(cut(WHOLE, [at])), `${at}`).toEqual(EXPECTED);
    expect(await read(cut(WHOLE, [...WHOLE.keys()]))).toEqual(EXPECTED);
  });

  it('takes a part that has a head and no body at all', async () => {
    const body = Buffer.from('--b0\r\nContent-Type: application/dicom\r\n\r\n--b0\r\n\r\nx\r\n--b0--');
    const expected = [
      { type: 'application/dicom', bytes: '' },
      { type: '', bytes: 'x' },
    ];
    for (let at = 0; at <= body.length; at++) expect(await read(cut(body, [at]))).toEqual(expected);
  });

  it('says `truncated` of a body that ends before its end, at every length', async () => {
    for (let length = 0; length < END; length++)
      await expect(read(cut(WHOLE.subarray(0, length), [])), `${length}`).rejects.toMatchObject({
        code: 'truncated',
        subject: 'the body',
      });
  });

  it('gives back whatever the parts hold but the boundary', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(pieces, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(300), { maxLength: 8 }),
        async (parts, cuts) => {
          fc.pre(!parts.some((bytes) => `\r\n${bytes.toString('latin1')}`.includes('\r\n--b0')));
          const body = Buffer.concat([
            ...parts.flatMap((bytes) => [
              Buffer.from('\r\n--b0\r\nContent-Type: application/dicom\r\n\r\n'),
              Buffer.from(bytes),
            ]),
            Buffer.from('\r\n--b0--'),
          ]);
          const places = cuts.map((at) => Math.min(at, body.length)).sort((a, b) => a - b);
          const found = await read(cut(body, places));
          expect(found.map(({ bytes }) => bytes)).toEqual(parts.map((bytes) => Buffer.from(bytes).toString('latin1')));
        },
      ),
    ));

  it('passes over a part that nobody reads, and one that is read in part', async () => {
    const types: string[] = [];
    for await (const { type, bytes } of relatedParts(TYPE, cut(WHOLE, [60, 90]), OPTIONS)) {
      types.push(type.essence);
      await bytes.next();
    }
    expect(types).toEqual(EXPECTED.map(({ type }) => type));
  });

  it('reads no further than its reader asks it to', async () => {
    let given = 0;
    async function* long() {
      yield Buffer.from('--b0\r\nContent-Type: application/dicom\r\n\r\n');
      for (; given < 1000; given++) yield Buffer.alloc(1 << 16, 7);
      yield Buffer.from('\r\n--b0--');
    }
    let largest = 0;
    let total = 0;
    for await (const { bytes } of relatedParts(TYPE, long(), OPTIONS))
      for await (const piece of bytes) {
        total += piece.length;
        largest = Math.max(largest, piece.length);
        expect(given * (1 << 16)).toBeLessThan(total + (1 << 17));
      }
    expect(total).toBe(1000 * (1 << 16));
    expect(largest).toBeLessThan(1 << 17);
  });

  it('lets go of the body at its end, when it is broken, and when it is given up', async () => {
    let closed = 0;
    async function* body(text: Buffer) {
      try {
        yield text;
        yield Buffer.from('what is behind');
      } finally {
        closed++;
      }
    }
    await read(body(WHOLE));
    expect(closed).toBe(1);
    await expect(read(body(Buffer.from('--b0 and on\r\n')))).rejects.toThrow();
    expect(closed).toBe(2);
    for await (const _ of relatedParts(TYPE, body(WHOLE), OPTIONS)) break;
    expect(closed).toBe(3);
  });

  it.each([
    ['no boundary in the type', DICOM_PARTS, '--b0--'],
    ['an empty one', 'multipart/related; boundary=""', '--b0--'],
    ['one without end', `multipart/related; boundary=${'b'.repeat(300)}`, '--b0--'],
    ['something behind a boundary', TYPE, '--b0 and on\r\n\r\n'],
    ['spaces without end behind one', TYPE, `--b0${' '.repeat(20_000)}\r\n\r\n`],
    ['a head without end', TYPE, `--b0\r\n${'x'.repeat(40_000)}\r\n\r\n\r\n--b0--`],
    ['a preamble without end', TYPE, `${'x'.repeat(40_000)}\r\n--b0\r\n\r\n\r\n--b0--`],
    ['an epilogue without end', TYPE, `--b0\r\n\r\n\r\n--b0--${'x'.repeat(40_000)}`],
  ])('refuses %s', async (_, type, text) => {
    for (const at of [[], [10, 20_000], [...Array(30).keys()]])
      await expect(read(cut(Buffer.from(text), at), type)).rejects.toMatchObject({
        code: 'usage',
        message: expect.stringMatching(/no boundary|no end|something else/),
      });
  });
});

describe('relatedBody', () => {
  it('is taken apart again by its reader, and has the length that it says', async () => {
    const folder = await temporaryFolder();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 5 }), async (files) => {
        const ranges = rangesIn(
          folder,
          files.map((bytes, i) => [`slice ${i}`, bytes]),
        );
        const { contentType, length, body } = relatedBody(ranges);
        const sent = Buffer.concat(await body.toArray());
        expect(sent.length).toBe(length);
        const found = await read(cut(sent, []), contentType);
        expect(found).toEqual(
          files.map((bytes) => ({ type: 'application/dicom', bytes: Buffer.from(bytes).toString('latin1') })),
        );
      }),
      { numRuns: 50 },
    );
  });

  it('names a file that is not there, and one that is shorter than it was', async () => {
    const folder = await temporaryFolder();
    const [range] = rangesIn(folder, [['slice 1', Buffer.alloc(100)]]);
    await expect(relatedBody([{ ...range, path: `${folder}/none` }]).body.toArray()).rejects.toMatchObject({
      code: 'io',
      message: expect.stringContaining('slice 1'),
    });
    await expect(relatedBody([{ ...range, length: 1000 }]).body.toArray()).rejects.toMatchObject({
      code: 'io',
      message: expect.stringMatching(/^slice 1: .* 107 of 1000 bytes/),
    });
  });
});
