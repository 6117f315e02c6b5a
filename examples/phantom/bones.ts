import type { Anatomy } from './anatomy.js';
import { cover, mix } from './shapes.js';

const cortex = 850;
const marrow = 220;

/** Cortical shell of about 2.5 mm around marrow. */
const bone = (depth: number, soft: number): number => mix(cortex, marrow, cover(depth - 3, soft + 2));

/** The distance of z from the nearest of a row of heights. */
function fromNearest(z: number, period: number, phase: number): number {
  const t = (z - phase) / period;
  return (t - Math.floor(t + 0.5)) * period;
}

/**
 * Ribs: slanted hoops on the outside of the cage, falling to the front, where they turn to
 * cartilage.
 */
export function ribs(
  patient: Anatomy,
  hu: number,
  x: number,
  y: number,
  z: number,
  cage: number,
  soft: number,
): number {
  if (cage > 4 || cage < -14 || z > patient.apex + 8) return hu;
  const { period, phase, slope } = patient.ribs;
  const dz = fromNearest(z - slope * y, period, phase) * 0.9;
  const dt = (cage + 4.5) * 1.5;
  const depth = 6.2 - Math.sqrt(dz * dz + dt * dt);
  const share = cover(depth, soft) * cover(Math.abs(x) - 15, 6);
  if (share === 0) return hu;
  const front = cover(-y - 0.62 * patient.cage.b, 20) * cover(62 - Math.abs(x), 30);
  const value = mix(bone(depth, soft), 95, front);
  return mix(hu, value, share);
}

export function spine(patient: Anatomy, hu: number, x: number, y: number, z: number, soft: number): number {
  const { spine } = patient;
  const dy = y - spine.y;
  if (Math.abs(x) > 42 || dy < -25 || dy > 60) return hu;
  const fromDisc = Math.abs(fromNearest(z, spine.period, spine.phase));
  const body = spine.radius - Math.sqrt(x * x * 0.85 + dy * dy * 1.25);
  const disc = cover(2.6 - fromDisc, soft);
  let out = mix(hu, mix(bone(body, soft), 85, disc), cover(body, soft));
  const canalY = dy - spine.radius - 7;
  const canal = Math.sqrt(x * x + canalY * canalY);
  // The arch is a ring about the canal, the spinous process a blade behind it that leans down.
  out = mix(out, 520, cover(4 - Math.abs(canal - 11), soft) * cover(fromDisc - 4, 4));
  const blade = Math.min(3.6 - Math.abs(x), canalY - 11, 30 - canalY, fromDisc - 3);
  out = mix(out, 480, cover(blade, soft));
  const processes = Math.min(
    4.5 - Math.abs(canalY + 2 - 0.25 * Math.abs(x)),
    38 - Math.abs(x),
    Math.abs(x) - 12,
    6 - Math.abs(fromDisc - 8),
  );
  out = mix(out, 480, cover(processes, soft));
  return mix(out, 25, cover(8.5 - canal, soft));
}

/** Sternum in front, shoulder blades behind. */
export function plates(hu: number, x: number, y: number, z: number, cage: number, soft: number): number {
  let out = hu;
  if (y < 0 && Math.abs(x) < 30) {
    const depth = Math.min(5.5 - Math.abs(cage + 8), (16 - Math.abs(x)) * 0.8, z - 75, 222 - z);
    out = mix(out, bone(depth, soft), cover(depth, soft));
  }
  if (y > 0 && z > 135) {
    const side = Math.abs(x);
    const bend = 22 + 0.05 * (side - 90) * (side - 90) * 0.25;
    const depth = Math.min(
      2.8 - Math.abs(cage + bend) * 0.8,
      side - 58,
      122 - side,
      (z - 140) * 0.5 + (side - 70) * 0.2,
      y - 12,
    );
    out = mix(out, bone(depth + 1, soft), cover(depth, soft));
  }
  return out;
}
