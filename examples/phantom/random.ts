/** Uniform numbers in [0, 1), the same for a seed on every machine. */
export type Random = () => number;

/** 32-bit FNV-1a, so that "train-007" names a stream of numbers. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

/** mulberry32: 32 bits of state are plenty for one phantom. */
export function random(seed: number): Random {
  // Kept as a signed 32-bit integer, which V8 stores without allocating.
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export const between = (next: Random, low: number, high: number): number => low + (high - low) * next();

export const integer = (next: Random, low: number, high: number): number => low + Math.floor(next() * (high - low + 1));

/**
 * A sum of four uniforms scaled to variance 1: close enough to a normal for a noise that is
 * filtered afterwards, and made of nothing but additions, which every machine rounds alike
 * (Math.log and Math.cos need not be).
 */
export const bell = (next: Random): number => (next() + next() + next() + next() - 2) * 1.7320508075688772;

/** A direction, uniform on the sphere, by rejection: no sine is needed. */
export function direction(next: Random): [x: number, y: number, z: number] {
  for (;;) {
    const x = 2 * next() - 1;
    const y = 2 * next() - 1;
    const z = 2 * next() - 1;
    const square = x * x + y * y + z * z;
    if (square > 0.01 && square <= 1) {
      const length = Math.sqrt(square);
      return [x / length, y / length, z / length];
    }
  }
}
