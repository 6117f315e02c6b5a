import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readHashed, sha256, sha256OfStream } from '../../src/files/hash.js';
import { temporaryFolder } from '../support/folder.js';

// FIPS 180-4, example of one block, of two blocks, and the empty message.
const ABC = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
const TWO_BLOCKS = 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq';
const OF_TWO_BLOCKS = '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1';
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** From Python's hashlib: 8 MiB and 3 bytes of the letter a. */
const HASH_A = 'd54a99c4e178084df6568d4af925039332e50826c4aadf42546934123e9a369d';

describe('sha256', () => {
  it('is that of the pieces joined, text or bytes', () => {
    expect(sha256('abc')).toBe(ABC);
    expect(sha256('a', Buffer.from('bc'))).toBe(ABC);
    expect(sha256(TWO_BLOCKS)).toBe(OF_TWO_BLOCKS);
    expect(sha256()).toBe(EMPTY);
  });

  it('is that of all that a stream gives', async () => {
    expect(await sha256OfStream(Readable.from([Buffer.from('ab'), Buffer.from('c')]))).toBe(ABC);
  });
});

describe('readHashed', () => {
  it('gives a file and its hash, beyond one chunk too', async () => {
    const path = join(await temporaryFolder(), 'large');
    const bytes = Buffer.alloc(2 * 4 * 2 ** 20 + 3, 'a');
    await writeFile(path, bytes);
    const read = await readHashed(path);
    expect(bytes.equals(read.bytes)).toBe(true);
    expect(read.sha256).toBe(HASH_A);
  });

  it('gives an empty file', async () => {
    const path = join(await temporaryFolder(), 'empty');
    await writeFile(path, '');
    expect(await readHashed(path)).toMatchObject({ sha256: EMPTY });
  });
});
