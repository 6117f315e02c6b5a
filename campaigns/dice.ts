import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/**
 * Seeded choices. The same name gives the same choices on every machine, so that a case can be
 * repeated alone.
 */
export class Dice {
  readonly #random;

  constructor(name: string) {
    let hash = 0x811c9dc5;
    for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
    this.#random = xoroshiro128plus(hash);
  }

  /** A whole number from low to high, both included. */
  int(low: number, high: number): number {
    return uniformInt(this.#random, low, high);
  }

  /** In [0, 1). */
  float(): number {
    return uniformFloat64(this.#random);
  }

  chance(probability: number): boolean {
    return this.float() < probability;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.int(0, from.length - 1)];
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.int(0, 255));
  }

  /** Log-uniform between 10^low and 10^high: as many tiny numbers as huge ones. */
  magnitude(low: number, high: number): number {
    return 10 ** (low + (high - low) * this.float());
  }
}
