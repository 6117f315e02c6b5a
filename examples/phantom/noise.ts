import type { Random } from './random.js';

const size = 32;
const mask = size - 1;

/**
 * A smooth random function of space with values in [-1, 1] and a feature size of about one unit.
 */
export type Noise = (x: number, y: number, z: number) => number;

const fade = (t: number) => t * t * (3 - 2 * t);

/** Value noise on a lattice of 32^3 points that repeats. */
export function noise(next: Random): Noise {
  const lattice = new Float32Array(size * size * size);
  for (let i = 0; i < lattice.length; i++) lattice[i] = 2 * next() - 1;
  return (x, y, z) => {
    const i = Math.floor(x);
    const j = Math.floor(y);
    const k = Math.floor(z);
    const u = fade(x - i);
    const v = fade(y - j);
    const w = fade(z - k);
    const x0 = i & mask;
    const x1 = (i + 1) & mask;
    const y0 = (j & mask) * size;
    const y1 = ((j + 1) & mask) * size;
    const z0 = (k & mask) * size * size;
    const z1 = ((k + 1) & mask) * size * size;
    const a = lattice[z0 + y0 + x0] * (1 - u) + lattice[z0 + y0 + x1] * u;
    const b = lattice[z0 + y1 + x0] * (1 - u) + lattice[z0 + y1 + x1] * u;
    const c = lattice[z1 + y0 + x0] * (1 - u) + lattice[z1 + y0 + x1] * u;
    const d = lattice[z1 + y1 + x0] * (1 - u) + lattice[z1 + y1 + x1] * u;
    return (a * (1 - v) + b * v) * (1 - w) + (c * (1 - v) + d * v) * w;
  };
}
