import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DimseError } from '../../../src/protocol/dimse/dimse-error.js';
import { encodePdu, LARGEST_DATA, PDU, type Pdu, PduParser, releaseRequest } from '../../../src/protocol/dimse/pdu.js';

const parsed = (parser: PduParser, pieces: readonly Uint8Array[]): Pdu[] =>
  pieces.flatMap((piece) => [...parser.push(piece)].map(({ type, body }) => ({ type, body: Buffer.from(body) })));

function head(type: number, length: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes[0] = type;
  bytes.writeUInt32BE(length, 2);
  return bytes;
}

describe('protocol data units', () => {
  it('are the same, wherever they are cut', () => {
    const bodies = [Buffer.from('abcdefgh'), Buffer.alloc(300, 7)];
    const stream = Buffer.concat([...bodies.map((body) => encodePdu(PDU.data, body)), releaseRequest()]);
    const whole = parsed(new PduParser(), [stream]);
    expect(whole.map(({ type }) => type)).toEqual([4, 4, 5]);
    expect(whole.slice(0, 2).map(({ body }) => body)).toEqual(bodies);
    for (let at = 0; at <= stream.length; at++)
      expect(parsed(new PduParser(), [stream.subarray(0, at), stream.subarray(at)])).toEqual(whole);
    expect(
      parsed(
        new PduParser(),
        [...stream].map((byte) => Buffer.of(byte)),
      ),
    ).toEqual(whole);
  });

  it('are what was encoded, in any pieces', () => {
    const units = fc.array(fc.uint8Array({ minLength: 6, maxLength: 500 }), { maxLength: 8 });
    fc.assert(
      fc.property(units, fc.array(fc.nat(200), { maxLength: 50 }), (bodies, cuts) => {
        let rest = Buffer.concat(bodies.map((body) => encodePdu(PDU.data, body)));
        const pieces: Buffer[] = [];
        for (const cut of cuts) {
          pieces.push(rest.subarray(0, cut));
          rest = rest.subarray(cut);
        }
        const parser = new PduParser();
        const found = parsed(parser, [...pieces, rest]).map(({ body }) => body);
        expect(found).toEqual(bodies.map((body) => Buffer.from(body)));
        expect(parser.isBetween).toBe(true);
      }),
    );
  });

  it.each([
    ['4 GB of data', head(PDU.data, 0xffff_ffff), /claims 4294967295 bytes, and 6 to 131072 are allowed/],
    ['more data than we said', head(PDU.data, LARGEST_DATA + 1), /131073 bytes/],
    ['4 GB of a request', head(PDU.associateRequest, 0xffff_ffff), /68 to 262144/],
    ['a short request', head(PDU.associateRequest, 67), /67 bytes/],
    ['a long release', head(PDU.releaseRequest, 5), /4 to 4/],
    ['an unknown type', head(0x47, 10), /unknown type 71/],
  ])('refuse %s with the sixth byte of the head', (_, bytes, message) => {
    const parser = new PduParser();
    expect([...parser.push(bytes.subarray(0, 5))]).toEqual([]);
    expect(() => [...parser.push(bytes.subarray(5))]).toThrow(message);
  });

  it('refuse what is not due, by its head', () => {
    const parser = new PduParser(() => [PDU.associateRequest]);
    expect(() => [...parser.push(head(PDU.data, 1000))]).toThrow(DimseError);
  });
});
