import type { Triple } from '../../chunks.js';
import type { FrameHeader } from './dicom-header.js';

/** Direction of a row, then of a column, LPS. */
export type Orientation = NonNullable<FrameHeader['orientation']>;

export const dot = (a: Triple, b: Triple): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];

export const minus = (a: Triple, b: Triple): Triple => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];

/** a + scale * b */
export const plus = (a: Triple, scale: number, b: Triple): Triple => [
  a[0] + scale * b[0],
  a[1] + scale * b[1],
  a[2] + scale * b[2],
];

const cross = (a: Triple, b: Triple): Triple => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

const scaled = (a: Triple, factor: number): Triple => [a[0] * factor, a[1] * factor, a[2] * factor];

export const norm = (a: Triple): number => Math.sqrt(dot(a, a));

/** The axes of a slice, all of length 1: along a row, along a column, and their normal. */
export interface Axes {
  readonly row: Triple;
  readonly column: Triple;
  readonly normal: Triple;
}

/**
 * How far lengths may be from 1 and angles from a right one, as cosine: writers round to three
 * digits at least.
 */
const SQUARE = 1e-2;

/** Null where two directions span no slice: of other lengths than 1, or not at right angles. */
export function axesOf(orientation: Orientation): Axes | null {
  const row: Triple = [orientation[0], orientation[1], orientation[2]];
  const column: Triple = [orientation[3], orientation[4], orientation[5]];
  const lengths = [norm(row), norm(column)];
  if (lengths.some((length) => Math.abs(length - 1) > SQUARE) || Math.abs(dot(row, column)) > SQUARE) return null;
  const normal = cross(row, column);
  return {
    row: scaled(row, 1 / lengths[0]),
    column: scaled(column, 1 / lengths[1]),
    normal: scaled(normal, 1 / norm(normal)),
  };
}

/**
 * By how much the directions of slices of one volume may differ: a thousandth, as dicom2nifti has
 * it. At the edge of a slice of 500 mm that is a quarter of a millimetre.
 */
export const SAME_DIRECTION = 1e-3;

export const isSameOrientation = (a: Orientation, b: Orientation): boolean =>
  a.every((v, i) => Math.abs(v - b[i]) <= SAME_DIRECTION);
