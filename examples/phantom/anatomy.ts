import { type Noise, noise } from './noise.js';
import { between, type Random } from './random.js';

/**
 * One patient. Coordinates are mm: x to the patient's left, y to the back, z to the head; x = y = 0
 * is the middle of the trunk, z = 0 the lowest slice.
 */
export interface Anatomy {
  /** Half width and half depth of the trunk. */
  readonly body: { readonly a: number; readonly b: number };
  readonly fat: number;
  readonly muscle: number;
  /** The inside of the rib cage; it narrows from z = `shoulder` to the apex of the lungs. */
  readonly cage: { readonly a: number; readonly b: number; readonly y: number; readonly shoulder: number };
  readonly apex: number;
  /** Height of the right and left dome of the diaphragm. */
  readonly diaphragm: { readonly right: number; readonly left: number };
  readonly heart: { readonly x: number; readonly y: number; readonly z: number; readonly size: number };
  readonly carina: number;
  readonly arch: number;
  readonly spine: { readonly y: number; readonly radius: number; readonly period: number; readonly phase: number };
  readonly ribs: { readonly period: number; readonly phase: number; readonly slope: number };
  /** Hounsfield units of blood, which contrast agent would raise. */
  readonly blood: number;
  readonly lung: number;
  readonly noise: Noise;
}

export function anatomy(next: Random): Anatomy {
  const a = between(next, 150, 166);
  const b = between(next, 106, 118);
  const fat = between(next, 7, 19);
  const muscle = between(next, 12, 17);
  const cageB = b - fat * 0.8 - muscle - between(next, 7, 10);
  const cageY = between(next, -11, -7);
  return {
    body: { a, b },
    fat,
    muscle,
    cage: { a: a - fat - muscle - 8, b: cageB, y: cageY, shoulder: between(next, 115, 135) },
    apex: between(next, 232, 246),
    diaphragm: { right: between(next, 62, 88), left: between(next, 50, 76) },
    heart: {
      x: between(next, 18, 27),
      y: between(next, -34, -24),
      z: between(next, 88, 104),
      size: between(next, 0.85, 1.1),
    },
    carina: between(next, 160, 174),
    arch: between(next, 180, 192),
    spine: { y: cageY + cageB - 5, radius: between(next, 15, 18), period: between(next, 23, 27), phase: next() * 25 },
    ribs: { period: between(next, 24, 28), phase: next() * 26, slope: between(next, 0.35, 0.5) },
    blood: between(next, 35, 60),
    lung: between(next, -880, -820),
    noise: noise(next),
  };
}

/** How much the cage has narrowed at height z: 1 below the shoulders. */
export function narrowing(patient: Anatomy, z: number): number {
  const u = Math.max(0, z - patient.cage.shoulder) / (patient.apex + 12 - patient.cage.shoulder);
  return Math.sqrt(Math.max(0.12, 1 - u * u));
}
