import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Seeded choices. The same seed and case give the same case on every machine. */
export class Random {
  readonly #generator;

  constructor(seed: number, target: string, index: number) {
    let hash = Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b);
    for (const letter of target) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
    this.#generator = xoroshiro128plus(hash);
  }

  /** 0 … n - 1. */
  below(n: number): number {
    return uniformInt(this.#generator, 0, Math.max(0, n - 1));
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** True once in n. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }
}

/** Numbers at which programs break. */
export const NASTY = [
  0,
  -0,
  1,
  -1,
  2,
  3,
  7,
  127,
  128,
  255,
  256,
  32767,
  32768,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53,
  -(2 ** 53),
  1e-30,
  1e30,
  1e-3,
  0.5,
  1.5,
  1e308,
  -1e308,
  5e-324,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
] as const;
