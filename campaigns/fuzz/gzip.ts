import { gunzipSync, gzipSync } from 'node:zlib';
import { inflate } from '../../src/nifti/inflate.js';
import type { Random } from '../random.js';
import { chopped, concat, mutateBytes } from './mutate.js';
import { type Target, Wrong } from './target.js';

/** A member with any of the optional fields of RFC 1952. */
function member(random: Random, body: Uint8Array): Uint8Array {
  const packed = gzipSync(body, { level: random.below(10) });
  if (random.oneIn(2)) return packed;
  const header = Buffer.from(packed.subarray(0, 10));
  const text = Buffer.from(`${'n'.repeat(random.below(20))}\0`);
  const extra = Buffer.alloc(2 + random.below(40));
  extra.writeUInt16LE(extra.length - 2);
  header[3] = random.below(32);
  const fields = [header[3] & 4 ? extra : null, header[3] & 8 ? text : null, header[3] & 16 ? text : null];
  return concat(header, ...fields.filter((f) => f !== null), packed.subarray(10));
}

/** gzip: members, optional fields, padding, damage; against zlib in one go. */
export const gzip: Target = {
  name: 'gzip',
  share: 0.2,
  limit: 2000,
  async run(random) {
    const members = Array.from({ length: 1 + random.below(3) }, () =>
      member(
        random,
        Uint8Array.from({ length: random.below(2000) }, (_, i) => (i % 7) * random.below(40)),
      ),
    );
    const tail = random.pick([new Uint8Array(0), new Uint8Array(random.below(600)), Buffer.from('garbage')]);
    const whole = concat(...members, random.oneIn(3) ? tail : new Uint8Array(0));
    const bytes = random.oneIn(2) ? mutateBytes(whole, random, 2) : whole;
    const pieces: Uint8Array[] = [];
    const source = (async function* () {
      yield* chopped(bytes, random);
    })();
    for await (const piece of inflate(source, 'fuzz.nii.gz')) pieces.push(Uint8Array.from(piece));
    const found = concat(...pieces);
    const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const expected = isGzip ? gunzipSync(bytes) : bytes;
    if (Buffer.compare(found, expected) !== 0)
      throw new Wrong(`gave ${found.length} bytes where zlib gives ${expected.length}, or others`);
  },
};
