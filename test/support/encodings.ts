import { gzipSync } from 'node:zlib';
import { type FakeNifti, fakeNifti } from './nifti.js';

/** A scan of whole numbers from 0 to 255, as it lies in the world: x to R, y to A, z to S. */
export interface Volume {
  /** [z, y, x]. */
  readonly shape: readonly [number, number, number];
  /** mm along [z, y, x]. */
  readonly spacing: readonly [number, number, number];
  /** x fastest. */
  readonly values: readonly number[];
}

/** One way in which a scan may be stored: bytes of each file by its ending, the main one first. */
export interface Encoding {
  readonly name: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** How the axes of a file lie: its axis i, of [x, y, z], runs along world axis axes[i]. */
export interface Layout {
  readonly axes: readonly [number, number, number];
  readonly flipped: readonly [boolean, boolean, boolean];
}

export const AS_IT_LIES: Layout = { axes: [0, 1, 2], flipped: [false, false, false] };

/** A header field by field, and voxels in an order: written by nobody's code but this. */
export function placed({ shape, spacing, values }: Volume, { axes, flipped }: Layout) {
  const world = [...shape].reverse() as [number, number, number];
  const mm = [...spacing].reverse() as [number, number, number];
  const sizes = axes.map((axis) => world[axis]) as [number, number, number];
  const out: number[] = [];
  for (let k = 0; k < sizes[2]; k++)
    for (let j = 0; j < sizes[1]; j++)
      for (let i = 0; i < sizes[0]; i++) {
        const at = [0, 0, 0];
        for (const [axis, index] of [i, j, k].entries())
          at[axes[axis]] = flipped[axis] ? sizes[axis] - 1 - index : index;
        out.push(values[(at[2] * world[1] + at[1]) * world[0] + at[0]]);
      }
  const srow = new Array<number>(12).fill(0);
  for (const axis of [0, 1, 2]) {
    srow[4 * axes[axis] + axis] = (flipped[axis] ? -1 : 1) * mm[axes[axis]];
    if (flipped[axis]) srow[4 * axes[axis] + 3] = mm[axes[axis]] * (sizes[axis] - 1);
  }
  const fake: FakeNifti = {
    dim: [3, ...sizes, 1, 1, 1, 1],
    pixdim: [1, ...axes.map((axis) => mm[axis]), 1, 1, 1, 1],
    sformCode: 1,
    srow,
  };
  return { fake, values: out };
}

const bytesOf = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
const swapped = (array: ArrayBufferView, width: 16 | 32): Uint8Array =>
  width === 16 ? Buffer.from(bytesOf(array)).swap16() : Buffer.from(bytesOf(array)).swap32();

/** The data types in which such a scan may be stored, decoded values alike. */
export const DATA_TYPES: Readonly<Record<string, (values: readonly number[]) => Partial<FakeNifti>>> = {
  uint8: (v) => ({ datatype: 2, body: Uint8Array.from(v) }),
  int16: (v) => ({ datatype: 4, body: bytesOf(Int16Array.from(v)) }),
  uint16: (v) => ({ datatype: 512, body: bytesOf(Uint16Array.from(v)) }),
  int32: (v) => ({ datatype: 8, body: bytesOf(Int32Array.from(v)) }),
  float32: (v) => ({ datatype: 16, body: bytesOf(Float32Array.from(v)) }),
  float64: (v) => ({ datatype: 64, body: bytesOf(Float64Array.from(v)) }),
  'int16 big-endian': (v) => ({ datatype: 4, littleEndian: false, body: swapped(Int16Array.from(v), 16) }),
  'float32 big-endian': (v) => ({ datatype: 16, littleEndian: false, body: swapped(Float32Array.from(v), 32) }),
  'int16 minus 100, intercept 100': (v) => ({
    datatype: 4,
    slope: 1,
    inter: 100,
    body: bytesOf(Int16Array.from(v, (x) => x - 100)),
  }),
  'float32 halved, slope 2': (v) => ({
    datatype: 16,
    slope: 2,
    inter: -10,
    body: bytesOf(Float32Array.from(v, (x) => (x + 10) / 2)),
  }),
  'int16 negated, slope -1': (v) => ({
    datatype: 4,
    slope: -1,
    inter: 0,
    body: bytesOf(Int16Array.from(v, (x) => -x)),
  }),
};

/** The scan in a margin of a value. */
export function padded({ shape, spacing, values }: Volume, by: number, value: number): Volume {
  const [depth, height, width] = shape;
  const larger = [depth + 2 * by, height + 2 * by, width + 2 * by] as const;
  const out = new Array<number>(larger[0] * larger[1] * larger[2]).fill(value);
  for (let z = 0, i = 0; z < depth; z++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++, i++) out[((z + by) * larger[1] + y + by) * larger[2] + x + by] = values[i];
  return { shape: larger, spacing, values: out };
}

/** A pair: the header with the other magic, and the voxels. */
export function pairOf(fake: FakeNifti): Readonly<Record<string, Uint8Array>> {
  const whole = fakeNifti({ ...fake, magic: 'ni1\0', voxelOffset: 352 });
  const header = Buffer.from(whole.subarray(0, 348));
  header.writeFloatLE(0, 108);
  return { '.hdr': header, '.img': whole.subarray(352) };
}

/** Ways in which one scan may be stored; the first is plain. */
export function encodingsOf(volume: Volume): Encoding[] {
  const plain = placed(volume, AS_IT_LIES);
  const nii = (name: string, fake: FakeNifti): Encoding => ({ name, files: { '.nii': fakeNifti(fake) } });
  const uint8 = { ...plain.fake, ...DATA_TYPES.uint8(plain.values) };
  const least = volume.values.reduce((a, b) => Math.min(a, b));
  const layouts: readonly Layout[] = [
    { axes: [0, 1, 2], flipped: [true, true, false] },
    { axes: [0, 1, 2], flipped: [true, false, false] },
    { axes: [1, 2, 0], flipped: [false, true, true] },
    { axes: [2, 1, 0], flipped: [false, false, false] },
  ];
  return [
    nii('plain', uint8),
    { name: 'gzip', files: { '.nii.gz': gzipSync(fakeNifti(uint8)) } },
    ...Object.entries(DATA_TYPES).map(([name, typed]) => nii(name, { ...plain.fake, ...typed(plain.values) })),
    nii('NIfTI-2', { ...uint8, version: 2 }),
    { name: 'pair', files: pairOf(uint8) },
    ...layouts.map((layout, i) => {
      const { fake, values } = placed(volume, layout);
      return nii(`turned ${i}`, { ...fake, ...DATA_TYPES.int16(values) });
    }),
    ...[least, -1024].map((value) => {
      const { fake, values } = placed(padded(volume, 2, value), layouts[2]);
      return nii(`padded with ${value} and turned`, { ...fake, ...DATA_TYPES.int16(values) });
    }),
  ];
}
