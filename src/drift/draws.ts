import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';
import { sha256 } from '../files/hash.js';

/**
 * Draws from the uniform distribution on (0, 1], the same ones for the same name on every machine:
 * xoroshiro128+ whose state is the name's SHA-256. Names that differ by a letter, as those of two
 * sites, have nothing in common.
 */
export function drawsOf(name: string): () => number {
  const hash = Buffer.from(sha256(name), 'hex');
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => hash.readInt32LE(at)));
  // Never 0, which no bet could pay out.
  return () => 1 - uniformFloat64(generator);
}
