import type { Scan, Triple } from '../../../chunks.js';
import type { DicomSource, SourceFrame } from '../dicom-source.js';

/** One plane of an object: where it lies, and what it was computed from. */
export interface ObjectPlane {
  /** Number of the slice, in the order in which slices come. */
  readonly z: number;
  /** Centre of the first voxel, LPS mm. */
  readonly position: Triple;
  readonly frame: SourceFrame;
  /** Whether voxels lie where those of the frame do; not where a tilt was taken out. */
  readonly isInPlace: boolean;
}

/** The grid that an object's frames lie on. */
export interface ObjectPlanes {
  readonly rows: number;
  readonly columns: number;
  /** Direction of a row, then of a column, LPS. */
  readonly orientation: readonly number[];
  /** mm between rows, then between columns. */
  readonly pixelSpacing: readonly number[];
  /** mm between planes, along their normal. */
  readonly distance: number;
  /** Ascending along row x column. */
  readonly planes: readonly ObjectPlane[];
  /** A slice as it came, [y, x], as a frame: rows and columns in the order of the source's. */
  toFrame<T extends { slice(): T; reverse(): T; subarray(from: number, to: number): T }>(slice: T): T;
}

/** The source's own frames, or, where a tilt was taken out, the grid of the scan. */
export function planesOf({ shape, affine }: Pick<Scan, 'shape' | 'affine'>, source: DicomSource): ObjectPlanes {
  const [depth, height, width] = shape;
  const [x, y, z] = [0, 1, 2].map((column) => lpsColumn(affine, column));
  const origin = lpsColumn(affine, 3);
  const own = source.isUntilted
    ? { orientation: [...unit(x), ...unit(y)], pixelSpacing: [length(y), length(x)], flipped: [false, false] as const }
    : source;
  const { orientation, pixelSpacing, flipped } = own;
  const normal = cross(orientation.slice(0, 3), orientation.slice(3));
  const step = dot(z, normal);
  const planes = Array.from({ length: depth }, (_, i): ObjectPlane => {
    const frame = source.frames[i];
    if (!source.isUntilted) return { z: i, position: frame.position, frame, isInPlace: true };
    const position: Triple = [origin[0] + i * z[0], origin[1] + i * z[1], origin[2] + i * z[2]];
    return { z: i, position, frame, isInPlace: false };
  });
  if (step < 0) planes.reverse();
  return {
    rows: height,
    columns: width,
    orientation,
    pixelSpacing,
    distance: Math.abs(step),
    planes,
    toFrame: (slice) => turned(slice, height, width, flipped),
  };
}

/** The centre of a voxel [x, y, z], LPS mm. */
export function voxelCentre({ affine }: Pick<Scan, 'affine'>, voxel: Triple): Triple {
  const at = (row: number) => affine.slice(4 * row, 4 * row + 3).reduce((sum, a, i) => sum + a * voxel[i], 0);
  return [-(at(0) + affine[3]), -(at(1) + affine[7]), at(2) + affine[11]];
}

/** Rows, and columns, in the opposite order, in a copy; the slice itself where neither is. */
function turned<T extends { slice(): T; reverse(): T; subarray(from: number, to: number): T }>(
  slice: T,
  height: number,
  width: number,
  [y, x]: readonly [boolean, boolean],
): T {
  if (!y && !x) return slice;
  // Both are a turn of the whole; rows alone are that, and columns back again.
  const result = slice.slice();
  if (y) result.reverse();
  if (x !== y) for (let row = 0; row < height; row++) result.subarray(row * width, (row + 1) * width).reverse();
  return result;
}

const lpsColumn = (affine: readonly number[], column: number): number[] => [
  -affine[column],
  -affine[4 + column],
  affine[8 + column],
];

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, v, i) => sum + v * b[i], 0);
const length = (a: readonly number[]): number => Math.sqrt(dot(a, a));
const unit = (a: readonly number[]): number[] => a.map((v) => v / length(a));
const cross = (a: readonly number[], b: readonly number[]): number[] => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
