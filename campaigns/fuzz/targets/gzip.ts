import { deflateRawSync, gunzipSync } from 'node:zlib';
import { inflate } from '../../../src/formats/inflate.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { chop, concat, mutateBytes } from '../mutate/bytes.js';
import type { Target } from '../target.js';

const file = 'scan.nii.gz';
/**
 * What is read of a bomb before the reader turns away: memory has to stay bounded whatever lies
 * behind.
 */
const enough = 2 ** 22;

/** gzip through `inflate`, compared with node's own `gunzipSync` of the whole. */
export const gzip: Target = {
  name: 'gzip',
  weight: 30,
  limit: 2000,
  file,
  async run(dice) {
    if (dice.chance(0.002)) return bomb(dice);
    let bytes = concat(Array.from({ length: dice.pick([1, 1, 1, 2, 5]) }, () => member(dice)));
    if (dice.chance(0.3)) {
      const padding = dice.chance(0.7) ? [new Uint8Array(dice.int(1, 600))] : [];
      const more = dice.chance(0.5) ? [dice.chance(0.8) ? dice.bytes(dice.int(1, 20)) : member(dice)] : [];
      bytes = concat([bytes, ...padding, ...more]);
    }
    if (dice.chance(0.5)) bytes = mutateBytes(bytes, dice, member(dice));
    // Other beginnings are plain bytes and pass as they are.
    const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const expected = packed ? unpacked(bytes) : bytes;
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of inflate(asynchronous(chop(bytes, dice)), file)) pieces.push(Uint8Array.from(piece));
    } catch (error) {
      expect(expected === null, `was refused (${(error as Error).message}), and gunzip takes it`);
      throw error;
    }
    expect(expected !== null, 'was read, and gunzip refuses it');
    expect(Buffer.compare(concat(pieces), expected) === 0, 'the bytes are not what gunzip gives');
  },
};

/** What gunzip gives; null where it refuses, or leaves something that is not zero. */
function unpacked(bytes: Uint8Array): Uint8Array | null {
  try {
    const { buffer, engine } = gunzipSync(bytes, { info: true }) as unknown as {
      readonly buffer: Uint8Array;
      readonly engine: { readonly bytesWritten: number };
    };
    return bytes.subarray(engine.bytesWritten).every((byte) => byte === 0) ? buffer : null;
  } catch {
    return null;
  }
}

/**
 * A member with any of the optional fields of RFC 1952, now and then with a wrong checksum, length,
 * flag or method.
 */
function member(dice: Dice): Uint8Array {
  const plain = dice.chance(0.5)
    ? dice.bytes(dice.int(0, 400))
    : new Uint8Array(dice.int(0, dice.chance(0.05) ? 200_000 : 20_000)).fill(dice.int(0, 255));
  const flags = dice.chance(0.5) ? 0 : dice.int(0, 31);
  const wrong = dice.chance(0.1) ? dice.pick(['crc', 'size', 'method', 'reserved', 'header-crc', 'extra']) : '';
  const head = [0x1f, 0x8b, wrong === 'method' ? 7 : 8, flags | (wrong === 'reserved' ? 0xe0 : 0), ...dice.bytes(6)];
  if (flags & 4) {
    const extra = dice.bytes(dice.int(0, 300));
    const length = wrong === 'extra' ? 65_535 : extra.length;
    head.push(length & 255, length >> 8, ...extra);
  }
  for (const flag of [8, 16]) if (flags & flag) head.push(...dice.bytes(dice.int(0, 40)).map((b) => b || 1), 0);
  if (flags & 2) {
    const sum = crc32Of(Uint8Array.from(head)) & 0xffff;
    head.push((sum & 255) ^ (wrong === 'header-crc' ? 1 : 0), sum >> 8);
  }
  const tail = Buffer.alloc(8);
  tail.writeUInt32LE((crc32Of(plain) ^ (wrong === 'crc' ? 1 : 0)) >>> 0, 0);
  tail.writeUInt32LE((plain.length + (wrong === 'size' ? 1 : 0)) >>> 0, 4);
  return concat([Uint8Array.from(head), deflateRawSync(plain, { level: dice.int(0, 9) }), tail]);
}

/**
 * 64 MiB of zeros in 64 kB. The reader stops after a while; the rest may not have been unpacked
 * ahead of it.
 */
async function bomb(dice: Dice): Promise<void> {
  let read = 0;
  for await (const piece of inflate(asynchronous(chop(packedZeros(), dice)), file)) {
    read += piece.length;
    if (read > enough) break;
  }
  expect(read > enough && read < 2 * enough, `${read} bytes came of a bomb where ${enough} were asked for`);
}

let zeros: Uint8Array | null = null;
function packedZeros(): Uint8Array {
  zeros ??= concat([
    Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3),
    deflateRawSync(new Uint8Array(2 ** 26), { level: 9 }),
    new Uint8Array(8),
  ]);
  return zeros;
}

async function* asynchronous(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

/** CRC-32 of RFC 1952, section 8: `zlib.crc32` is not in every Node that is supported. */
function crc32Of(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = table[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

const table = Uint32Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c;
});
