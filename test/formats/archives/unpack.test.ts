import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { describe, expect, it } from 'vitest';
import { SegcanaryError } from '../../../src/errors.js';
import { readRange } from '../../../src/files/file-range.js';
import { type ArchiveKind, archiveKindOf, TELLING } from '../../../src/formats/archives/identify.js';
import { type UnpackOptions, unpackArchive } from '../../../src/formats/archives/unpack.js';
import { temporaryFolder } from '../../support/folder.js';

// Made by test/oracle/archives.py with zip, tar and Python's own modules.
const FIXTURES = fileURLToPath(new URL('../../fixtures/archives/', import.meta.url));
const fixture = (name: string) => join(FIXTURES, name);
const expected: Record<string, { length: number; sha256: string }> = JSON.parse(
  readFileSync(fixture('files.json'), 'utf8'),
);

/** Names and sha256 of what comes out. */
async function unpacked(
  source: string | Uint8Array,
  options: Partial<UnpackOptions> = {},
): Promise<Record<string, { length: number; sha256: string }>> {
  const bytes = typeof source === 'string' ? readFileSync(source) : source;
  const kind = options.kind ?? archiveKindOf(bytes.subarray(0, TELLING));
  if (kind === null) throw new Error('no archive');
  const archive = await unpackArchive(typeof source === 'string' ? source : Readable.from(chopped(source)), {
    name: 'an-archive',
    ...options,
    kind,
  });
  const found: Record<string, { length: number; sha256: string }> = {};
  for (const file of archive.files) {
    const content = await readRange(file, 0, file.length);
    found[file.name] = { length: content.length, sha256: createHash('sha256').update(content).digest('hex') };
  }
  await archive.remove();
  return found;
}

function* chopped(bytes: Uint8Array, size = 1000): Generator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
}

const refusal = (source: string | Uint8Array, options?: Partial<UnpackOptions>): Promise<SegcanaryError> =>
  unpacked(source, options).then(
    (found) => {
      throw new Error(`was read: ${Object.keys(found)}`);
    },
    (error: SegcanaryError) => error,
  );

describe('archives', () => {
  it.each([
    ['stored.zip', 'zip'],
    ['deflated.zip', 'zip'],
    ['zip64.zip', 'zip'],
    ['empty.zip', 'zip'],
    ['pax.tar', 'tar'],
    ['gnu.tar', 'tar'],
    ['ustar.tar', 'tar'],
    ['v7.tar', 'tar'],
    ['packed.tar.gz', 'tar.gz'],
  ])('are told by their bytes: %s', (name, kind) => {
    expect(archiveKindOf(readFileSync(fixture(name)).subarray(0, TELLING))).toBe(kind);
  });

  it('are nothing else', () => {
    for (const bytes of [
      Buffer.alloc(0),
      Buffer.alloc(600),
      Buffer.from('PK'),
      gzipSync(Buffer.alloc(2000, 7)),
      Buffer.from('\x1f\x8bnonsense'),
      readFileSync(fileURLToPath(new URL('../../fixtures/archives/files.json', import.meta.url))),
    ])
      expect(archiveKindOf(bytes)).toBeNull();
  });

  it.each(['stored.zip', 'deflated.zip', 'zip64.zip', 'pax.tar', 'gnu.tar', 'packed.tar.gz'])(
    'hold the same files by path and as a stream, without folders, links and hidden files: %s',
    async (name) => {
      expect(await unpacked(fixture(name))).toEqual(expected);
      expect(await unpacked(readFileSync(fixture(name)))).toEqual(expected);
    },
  );

  it('hold the files of the oldest tar, and of one whose names begin with ./', async () => {
    const { one, 'folder/two': two } = expected;
    expect(await unpacked(fixture('v7.tar'))).toEqual({ one, 'folder/two': two });
    expect(await unpacked(fixture('ustar.tar'))).toEqual(expected);
  });

  it('take names for names, and keep both files where two have one name', async () => {
    const of = (text: string) => ({ length: text.length, sha256: createHash('sha256').update(text).digest('hex') });
    expect(await unpacked(fixture('twice.zip'))).toEqual({
      '../../up': of('up'),
      absolute: of('absolute'),
      one: of('first'),
      'one (2)': of('second'),
    });
    expect(await unpacked(fixture('empty.zip'))).toEqual({});
  });

  it.each([
    ['encrypted.zip', 'is encrypted (one); unpack it with its password'],
    ['bzip2.zip', 'packs one by method 12'],
    ['sparse-gnu.tar', 'holds sparse as a sparse file'],
    ['sparse-pax.tar', 'holds'],
  ])('are refused where they are not read: %s', async (name, sentence) => {
    const error = await refusal(fixture(name));
    expect(error).toMatchObject({ code: 'archive-invalid', subject: 'an-archive' });
    expect(error.message).toContain(sentence);
  });

  it('leave nothing behind, whether they are read or refused', async () => {
    const tmpdir = await temporaryFolder();
    await unpacked(fixture('gnu.tar'), { tmpdir });
    await unpacked(readFileSync(fixture('stored.zip')), { tmpdir });
    await refusal(fixture('encrypted.zip'), { tmpdir });
    await refusal(readFileSync(fixture('bzip2.zip')), { tmpdir });
    expect(readdirSync(tmpdir)).toEqual([]);
  });

  it('are unpacked to one file that only its owner reads', async () => {
    const tmpdir = await temporaryFolder();
    const archive = await unpackArchive(fixture('gnu.tar'), { kind: 'tar', name: 'x', tmpdir });
    expect(new Set(archive.files.map(({ path }) => path)).size).toBe(1);
    expect(statSync(archive.files[0].path).mode & 0o777).toBe(0o600);
    expect(readdirSync(tmpdir)).toHaveLength(1);
    await archive.remove();
    await archive.remove();
  });
});

describe('damaged archives', () => {
  it.each(['deflated.zip', 'packed.tar.gz'])('are refused wherever they are cut: %s', async (name) => {
    const bytes = readFileSync(fixture(name));
    for (let length = 4; length < bytes.length; length += 1 + Math.floor(length / 50)) {
      const error = await refusal(bytes.subarray(0, length), { kind: name.endsWith('zip') ? 'zip' : 'tar.gz' });
      expect(error, `${length} bytes`).toBeInstanceOf(SegcanaryError);
      expect(['truncated', 'archive-invalid']).toContain(error.code);
    }
  });

  it('are refused where a tar is cut before the zeros at its end, and between two members too', async () => {
    const bytes = readFileSync(fixture('gnu.tar'));
    const last = bytes.findLastIndex((byte) => byte !== 0);
    for (const length of [513, 1536, 2000, 5120, last + 1]) {
      const error = await refusal(bytes.subarray(0, length), { kind: 'tar' });
      expect(error, `${length} bytes`).toMatchObject({ code: 'truncated', subject: 'an-archive' });
    }
    expect(await unpacked(bytes.subarray(0, Math.ceil(last / 512) * 512 + 512))).toEqual(expected);
  });

  it('give the right bytes or none, whichever bit is wrong', async () => {
    const hashes = new Set(Object.values(expected).map(({ sha256 }) => sha256));
    // What is hidden is not where its name loses the dot: its bytes are those of a member still.
    for (const hidden of ['x', 'y']) hashes.add(createHash('sha256').update(hidden).digest('hex'));
    for (const [name, kind] of [
      ['deflated.zip', 'zip'],
      ['stored.zip', 'zip'],
      ['packed.tar.gz', 'tar.gz'],
    ] as const) {
      const original = readFileSync(fixture(name));
      await fc.assert(
        fc.asyncProperty(fc.nat(original.length - 1), fc.nat(7), async (at, bit) => {
          const bytes = Buffer.from(original);
          bytes[at] ^= 1 << bit;
          const found = await unpacked(bytes, { kind }).catch((error: unknown) => {
            expect(error).toBeInstanceOf(SegcanaryError);
            return {};
          });
          for (const { sha256 } of Object.values(found)) expect(hashes).toContain(sha256);
        }),
        { numRuns: 60 },
      );
    }
  });

  it('name the member whose checksum is wrong', async () => {
    const bytes = readFileSync(fixture('stored.zip'));
    bytes[bytes.indexOf('long long')] ^= 1;
    const error = await refusal(bytes);
    expect(error.code).toBe('archive-invalid');
    expect(error.message).toMatch(/^an-archive: a-folder-with.*slice in it is damaged \(its checksum is wrong\); copy/);
  });
});

describe('limits of archives', () => {
  it('hold for members, bytes and ratio, each by its name', async () => {
    for (const name of ['deflated.zip', 'packed.tar.gz', 'gnu.tar']) {
      expect(await refusal(fixture(name), { limits: { members: 3 } })).toMatchObject({
        code: 'limit-exceeded',
        option: 'limits.members',
      });
      expect(await refusal(fixture(name), { limits: { bytes: 4000 } })).toMatchObject({
        code: 'limit-exceeded',
        option: 'limits.bytes',
      });
    }
  });

  it('stop a bomb: a zip and a tar.gz of zeros', async () => {
    const tar = pack();
    tar.entry({ name: 'zeros', size: 2 ** 27 }).end(Buffer.alloc(2 ** 27));
    tar.finalize();
    const path = join(await temporaryFolder(), 'bomb');
    const pieces: Buffer[] = [];
    for await (const piece of tar) pieces.push(piece);
    writeFileSync(path, gzipSync(Buffer.concat(pieces)));
    expect(await refusal(path)).toMatchObject({ code: 'limit-exceeded', option: 'limits.ratio' });
  });

  it('end what was stopped', async () => {
    const controller = new AbortController();
    controller.abort();
    for (const name of ['deflated.zip', 'gnu.tar'])
      expect(await refusal(fixture(name), { signal: controller.signal })).toMatchObject({ code: 'aborted' });
  });

  it('do not wait for more of a stream that is refused already', async () => {
    async function* endless() {
      yield readFileSync(fixture('gnu.tar'));
      await new Promise(() => {});
    }
    const kind: ArchiveKind = 'tar';
    await expect(unpackArchive(endless(), { kind, name: 'x', limits: { members: 2 } })).rejects.toMatchObject({
      code: 'limit-exceeded',
    });
  });
});
