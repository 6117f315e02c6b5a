import { crc32, deflateRawSync, gzipSync } from 'node:zlib';
import { readRange } from '../../../src/files/file-range.js';
import { type ArchiveKind, archiveKindOf, TELLING } from '../../../src/formats/archives/identify.js';
import { unpackArchive } from '../../../src/formats/archives/unpack.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { chop, concat, mutateBytes } from '../mutate/bytes.js';
import type { Target } from '../target.js';

/** What is put in: later files of a name replace earlier ones. */
type Files = Map<string, Uint8Array>;

/** Zips of stored and deflated members; whatever is damaged, no wrong byte comes out of one. */
export const zip: Target = {
  name: 'zip',
  weight: 30,
  limit: 4000,
  file: 'scan.zip',
  async run(dice) {
    const files = someFiles(dice);
    const whole = zipOf(files, dice);
    const isDamaged = dice.chance(0.6);
    const found = await unpacked(isDamaged ? mutateBytes(whole, dice, whole) : whole, 'zip', 'scan.zip', dice);
    if (!isDamaged) return expectSame(found, files);
    const contents = [...files.values()];
    for (const [name, bytes] of found)
      expect(
        contents.some((content) => Buffer.compare(content, bytes) === 0),
        `${name} came out of a damaged zip with other bytes than any that went in`,
      );
  },
};

/** Tars, packed or not; nothing but what is in the bytes comes out of one, and it ends. */
export const tar: Target = {
  name: 'tar',
  weight: 30,
  limit: 4000,
  file: 'scan.tar',
  async run(dice) {
    const files = someFiles(dice);
    const whole = tarOf(files, dice);
    const isDamaged = dice.chance(0.6);
    const plain = isDamaged ? mutateBytes(whole, dice, whole) : whole;
    const isPacked = dice.chance(0.3);
    const bytes = isPacked ? gzipSync(plain) : plain;
    const found = await unpacked(bytes, isPacked ? 'tar.gz' : 'tar', 'scan.tar', dice);
    if (!isDamaged) return expectSame(found, files);
    const length = [...found.values()].reduce((sum, content) => sum + content.length, 0);
    expect(length <= plain.length, `${length} bytes came out of a tar of ${plain.length}`);
  },
};

function expectSame(found: Files, files: Files): void {
  expect(found.size === files.size, `${found.size} files came out where ${files.size} went in`);
  for (const [name, bytes] of files)
    expect(Buffer.compare(found.get(name) ?? Buffer.from('?'), bytes) === 0, `${name} came out with other bytes`);
}

async function unpacked(bytes: Uint8Array, kind: ArchiveKind, name: string, dice: Dice): Promise<Files> {
  archiveKindOf(bytes.subarray(0, TELLING));
  const archive = await unpackArchive(asynchronous(chop(bytes, dice)), { kind, name });
  const found: Files = new Map();
  for (const range of archive.files) found.set(range.name, await readRange(range, 0, range.length));
  await archive.remove();
  return found;
}

async function* asynchronous(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* pieces;
}

function someFiles(dice: Dice): Files {
  const files: Files = new Map();
  for (let i = dice.int(0, 5); i > 0; i--) {
    const name = `${dice.pick(['', 'a/', 'series one/', 'ä/b/'])}${dice.pick(['x', 'IM0001', 'y.dcm'])}`;
    files.delete(name);
    files.set(name, dice.chance(0.5) ? dice.bytes(dice.int(0, 2000)) : new Uint8Array(dice.int(0, 5000)));
  }
  return files;
}

/** PKWARE's APPNOTE, sections 4.3.7, 4.3.12 and 4.3.16. */
function zipOf(files: Files, dice: Dice): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const [name, content] of files) {
    const isPacked = dice.chance(0.5);
    const data = isPacked ? deflateRawSync(content) : content;
    const raw = Buffer.from(name);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(0x800, 2);
    fields.writeUInt16LE(isPacked ? 8 : 0, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(raw.length, 22);
    const local = concat([Uint8Array.of(0x50, 0x4b, 3, 4), fields, raw, data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    directory.push(concat([Uint8Array.of(0x50, 0x4b, 1, 2, 20, 3), fields, tail, raw]));
    parts.push(local);
    at += local.length;
  }
  const central = concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(files.size, 4);
  end.writeUInt16LE(files.size, 6);
  end.writeUInt32LE(central.length, 8);
  end.writeUInt32LE(at, 12);
  return concat([...parts, central, Uint8Array.of(0x50, 0x4b, 5, 6), end]);
}

/** The ustar of POSIX 1003.1, or the form before it, which has no mark. */
function tarOf(files: Files, dice: Dice): Uint8Array {
  const isMarked = dice.chance(0.7);
  const parts: Uint8Array[] = [];
  for (const [name, content] of files) {
    const head = Buffer.alloc(512);
    head.write(name, 0);
    head.write('0000644\0', 100);
    head.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    head.write('00000000000\0', 136);
    head.write('0', 156);
    if (isMarked) head.write('ustar\x0000', 257, 'latin1');
    head.write('        ', 148);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    parts.push(head, content, new Uint8Array((512 - (content.length % 512)) % 512));
  }
  return concat([...parts, new Uint8Array(1024)]);
}
