import type { Anatomy } from './anatomy.js';
import { cover, mix, trunkDepth } from './shapes.js';

export const air = -1000;

/**
 * Whether a point is in the air for sure, without asking for its depth: half of all points are.
 *
 * `trunk` is at least .93 of the ellipse's gauge, so what lies beyond 1.25 of the squared gauge of
 * the widest trunk there can be is 5 mm outside of it, which is further than a voxel is soft.
 */
export function inAir(patient: Anatomy, x: number, y: number, z: number, soft: number): boolean {
  const { a, b } = patient.body;
  if (y > b * 0.955 + soft + 0.01) return true;
  const widest = 1.021 + broader(z);
  const u = x / (a * widest);
  const v = y / (b * widest);
  return soft < 5 && u * u + v * v > 1.25;
}

/** How much broader the trunk is at the shoulders. */
const broader = (z: number): number => 0.0000022 * (z > 150 ? (z - 150) * (z - 150) : 0);

/** How deep a point lies under the skin. */
export function bodyDepth(patient: Anatomy, x: number, y: number, z: number): number {
  const { a, b } = patient.body;
  // Broader at the shoulders, a groove along the spine, a hollow over the sternum, flat where it
  // lies on the table.
  const wide = 1 + broader(z) + 0.02 * patient.noise(x / 90, y / 90, z / 90);
  const middle = Math.max(0, 1 - (x * x) / 900);
  const groove = middle * (y > 0 ? 6 : 4);
  const flat = b * 0.955 - y;
  return Math.min(trunkDepth(x, y, a * wide, b * wide) - groove, flat - (y > 0 ? groove * 0.6 : 0));
}

/** Skin, fat and the muscles of the chest wall. */
export function wall(patient: Anatomy, depth: number, x: number, y: number, z: number, soft: number): number {
  const { noise } = patient;
  let hu = mix(air, -100 + 14 * noise(x / 9, y / 9, z / 9), cover(depth, soft));
  hu = mix(hu, 10, cover(1.2 - Math.abs(depth - 1), soft) * 0.8);
  const side = (x * x) / (patient.body.a * patient.body.a);
  const fat = patient.fat * (0.75 + 0.5 * side) * (1 + 0.25 * noise(x / 40, y / 40, z / 60));
  const muscle = cover(depth - fat, soft);
  if (muscle === 0) return hu;
  const grain = 55 + 12 * noise(x / 6, y / 6, z / 9);
  hu = mix(hu, grain, muscle);
  // Sheets of fat between the muscles.
  const deep = cover(depth - fat - 3, soft);
  if (deep === 0) return hu;
  const sheet = Math.abs(noise(x / 34 + 7, y / 34, z / 50)) * 17;
  return mix(hu, -85, cover(1.4 - sheet, soft) * deep);
}

/** The curved table under the patient. */
export function table(patient: Anatomy, hu: number, x: number, y: number, soft: number): number {
  const top = y - patient.body.b * 0.955 - 5 - 12 + (x * x) / 2200;
  const across = 205 - Math.abs(x);
  const inside = Math.min(top + 6, 8 - top, across);
  if (inside < -soft) return hu;
  const shell = mix(-150, -890, cover(inside - 2.5, soft));
  return mix(hu, shell, cover(inside, soft));
}
