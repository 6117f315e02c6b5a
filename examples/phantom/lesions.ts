import type { Anatomy } from './anatomy.js';
import { lungDepth } from './lungs.js';
import { between, integer, type Random } from './random.js';
import { clamp, mix } from './shapes.js';

export interface Lesion {
  readonly kind: 'ground-glass' | 'consolidation';
  readonly centre: readonly [number, number, number];
  readonly radii: readonly [number, number, number];
  /** Hounsfield units where it is densest. */
  readonly hu: number;
  /** How far the border wanders, as a share of the radius. */
  readonly ragged: number;
  /** How wide the border is, as a share of the radius. */
  readonly soft: number;
}

/** A point in a lung. Covid pneumonia prefers the periphery, the back and the lower lobes. */
function placeInLung(patient: Anatomy, next: Random): [number, number, number] {
  const peripheral = next() < 0.75;
  for (;;) {
    const x = between(next, -patient.cage.a, patient.cage.a);
    const y = between(next, -70, 70);
    const z = between(next, 25, patient.apex - 20);
    const depth = lungDepth(patient, x, y, z);
    if (depth < 4 || (peripheral && depth > 18)) continue;
    if (next() < 0.45 + (y > 0 ? 0.35 : 0) + (z < 140 ? 0.2 : 0)) return [x, y, z];
  }
}

export function lesions(patient: Anatomy, next: Random): Lesion[] {
  const out: Lesion[] = [];
  const burden = between(next, 0.85, 1.25);
  const radii = (low: number, high: number): [number, number, number] => {
    const r = between(next, low, high) * burden;
    return [r * between(next, 0.75, 1.25), r * between(next, 0.75, 1.25), r * between(next, 0.75, 1.3)];
  };
  for (let i = integer(next, 2, 5); i > 0; i--) {
    const centre = placeInLung(patient, next);
    const size = radii(15, 32);
    out.push({ kind: 'ground-glass', centre, radii: size, hu: between(next, -620, -380), ragged: 0.75, soft: 0.3 });
    if (next() < 0.4) {
      const core = size.map((r) => r * between(next, 0.35, 0.55)) as [number, number, number];
      out.push({ kind: 'consolidation', centre, radii: core, hu: between(next, -70, 40), ragged: 0.6, soft: 0.15 });
    }
  }
  for (let i = integer(next, 0, 2); i > 0; i--) {
    const centre = placeInLung(patient, next);
    out.push({
      kind: 'consolidation',
      centre,
      radii: radii(10, 22),
      hu: between(next, -70, 40),
      ragged: 0.6,
      soft: 0.15,
    });
  }
  return out;
}

/** Whether a lesion can have a share of what lies at height z. */
export const reaches = ({ centre, radii }: Lesion, z: number): boolean => Math.abs(z - centre[2]) <= 2.01 * radii[2];

/**
 * How much of the tissue at a point a lesion has taken over: 0 outside, 1 in its middle, 0.5 on its
 * border.
 */
export function lesionShare(patient: Anatomy, lesion: Lesion, x: number, y: number, z: number): number {
  const u = (x - lesion.centre[0]) / lesion.radii[0];
  const v = (y - lesion.centre[1]) / lesion.radii[1];
  const w = (z - lesion.centre[2]) / lesion.radii[2];
  const square = u * u + v * v + w * w;
  if (square > 4) return 0;
  const { noise } = patient;
  const warp = 0.65 * noise(x / 11 + 17, y / 11, z / 13) + 0.35 * noise(x / 5, y / 5 + 9, z / 6);
  return clamp(0.5 + (1 + lesion.ragged * warp - Math.sqrt(square)) / (2 * lesion.soft), 0, 1);
}

/**
 * The tissue of a lesion: ground glass keeps the lung's fine structure, consolidation is nearly
 * even.
 */
export function lesionTissue(patient: Anatomy, lesion: Lesion, x: number, y: number, z: number): number {
  const { noise } = patient;
  if (lesion.kind === 'consolidation') return lesion.hu + 25 * noise(x / 6, y / 6, z / 7);
  const lines = 1 - Math.abs(noise(x / 7 + 3, y / 7, z / 8)) * 3;
  return lesion.hu + 60 * noise(x / 8, y / 8 + 4, z / 10) + mix(0, 90, Math.max(0, lines));
}
