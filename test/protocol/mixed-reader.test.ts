import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mixedParts } from '../../src/protocol/mixed-reader.js';

const TYPE = 'multipart/mixed; boundary="b0"';
const bodyOf = (parts: readonly (readonly [string, Uint8Array])[]) =>
  Buffer.concat([
    ...parts.flatMap(([name, bytes], i) => [
      Buffer.from(
        `${i ? '\r\n' : ''}--b0\r\nContent-Type: application/gzip\r\nContent-Disposition: attachment; name="${name}"\r\n\r\n`,
      ),
      bytes,
    ]),
    Buffer.from('\r\n--b0--\r\n'),
  ]);
async function* cut(body: Uint8Array, at: readonly number[]) {
  let from = 0;
  for (const to of [...at, body.length]) {
    yield body.subarray(from, to);
    from = to;
  }
}
async function read(pieces: AsyncIterable<Uint8Array>, type = TYPE) {
  const parts: [string, string][] = [];
  for await (const { name, bytes } of mixedParts(type, pieces)) {
    const all: Buffer[] = [];
    for await (const piece of bytes) all.push(Buffer.from(piece));
    parts.push([name, Buffer.concat(all).toString('latin1')]);
  }
  return parts;
}

const tricky = [
  ['uncertainty', Buffer.from('ab\r\n--b\r\n--b1 \r\n\r\n--')],
  ['empty', Buffer.alloc(0)],
  ['result', Buffer.from('{"score":1}')],
] as const;
const whole = bodyOf(tricky);
const expected = tricky.map(([name, bytes]) => [name, bytes.toString('latin1')]);

describe('mixedParts', () => {
  it('gives the same parts wherever the body is cut', async () => {
    for (let at = 0; at <= whole.length; at++) expect(await read(cut(whole, [at]))).toEqual(expected);
    expect(await read(cut(whole, [...whole.keys()]))).toEqual(expected);
  });

  it('tells of a body that ends too soon, at every length', async () => {
    for (let length = 0; length < whole.length - 2; length++)
      await expect(read(cut(whole.subarray(0, length), [])), `${length}`).rejects.toThrow(/ended before/);
  });

  it('gives back whatever the parts hold but the boundary', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.stringMatching(/^[a-z]{1,9}$/), fc.uint8Array({ max: 60 })), {
          minLength: 1,
          maxLength: 4,
        }),
        fc.array(fc.nat(300), { maxLength: 8 }),
        async (parts, cuts) => {
          const body = bodyOf(parts);
          fc.pre(!parts.some(([, bytes]) => `\r\n${Buffer.from(bytes).toString('latin1')}`.includes('\r\n--b0')));
          const places = cuts.map((at) => Math.min(at, body.length)).sort((a, b) => a - b);
          const want = parts.map(([name, bytes]) => [name, Buffer.from(bytes).toString('latin1')]);
          expect(await read(cut(body, places))).toEqual(want);
        },
      ),
    ));

  it('passes over a part that nobody reads', async () => {
    const names: string[] = [];
    for await (const { name } of mixedParts(TYPE, cut(whole, [40, 80]))) names.push(name);
    expect(names).toEqual(['uncertainty', 'empty', 'result']);
  });

  it('lets go of the body at its end, and when it is given up', async () => {
    let closed = 0;
    async function* body() {
      try {
        yield whole;
        yield Buffer.from('what is behind');
      } finally {
        closed++;
      }
    }
    await read(body());
    expect(closed).toBe(1);
    for await (const _ of mixedParts(TYPE, body())) break;
    expect(closed).toBe(2);
  });

  it.each([
    ['no boundary in the type', 'multipart/mixed', '--b0--'],
    ['something behind a boundary', TYPE, '--b0 and on\r\n\r\n'],
    ['a head without end', TYPE, `--b0\r\n${'x'.repeat(40_000)}`],
  ])('refuses %s', async (_, type, text) => {
    await expect(read(cut(Buffer.from(text), [10, 20_000]), type)).rejects.toThrow(
      /no boundary|something else|has no end/,
    );
  });

  it('holds a piece and a boundary, and never a part', async () => {
    const piece = Buffer.alloc(1 << 16, 7);
    async function* long() {
      yield Buffer.from('--b0\r\nContent-Disposition: attachment; name="long"\r\n\r\n');
      for (let i = 0; i < 2000; i++) yield piece;
      yield Buffer.from('\r\n--b0--');
    }
    let total = 0;
    let largest = 0;
    for await (const { bytes } of mixedParts(TYPE, long()))
      for await (const part of bytes) {
        total += part.length;
        largest = Math.max(largest, part.length);
      }
    expect(total).toBe(2000 * piece.length);
    expect(largest).toBeLessThan(2 * piece.length);
  });
});
