import { createHash } from 'node:crypto';
import { inflateSync } from 'node:zlib';
import type { ImageReader } from '../../src/plan.js';
import { loadAll, voxelsOf } from './nifti.js';

/** nnU-Net's readers by the names that plans have for them. */
export const READERS: readonly (readonly [name: 'SimpleITKIO' | 'NibabelIO', reader: ImageReader])[] = [
  ['SimpleITKIO', 'simpleitk'],
  ['NibabelIO', 'nibabel'],
];

/** JSON has no NaN and no infinity. */
export type Spelled = number | string;

export const numbers = (values: readonly Spelled[]): number[] =>
  values.map((value) =>
    typeof value === 'number' ? value : Number(value.replace('inf', 'Infinity').replace('nan', 'NaN')),
  );

/** A file of a fixture, packed with zlib and in base64. */
export const unpacked = (packed: string): Buffer => inflateSync(Buffer.from(packed, 'base64'));

/** What `load` makes of a file, by the rules of a reader. */
export interface OurOutcome {
  /** null where it was taken. */
  readonly refusal: { readonly code: string; readonly message: string } | null;
  readonly warnings: readonly string[];
  readonly shape: readonly number[];
  readonly spacing: readonly number[];
  readonly affine: readonly number[];
  readonly voxels: readonly number[];
}

export async function ourOutcome(bytes: Uint8Array, reader: ImageReader | undefined): Promise<OurOutcome> {
  const warnings: string[] = [];
  const onWarning = ({ code }: { readonly code: string }) => void warnings.push(code);
  try {
    const slices = await loadAll(bytes, { reader, onWarning });
    const { shape, spacing, affine } = slices[0].grid.scan;
    return { refusal: null, warnings, shape: [1, ...shape], spacing, affine, voxels: voxelsOf(slices) };
  } catch (error) {
    const { code, message } = error as { readonly code: string; readonly message: string };
    return { refusal: { code, message }, warnings, shape: [], spacing: [], affine: [], voxels: [] };
  }
}

/** The beginning of the sha256 of voxels as float32, little-endian. */
export function hashOf(voxels: readonly number[]): string {
  const bytes = Buffer.alloc(4 * voxels.length);
  voxels.forEach((voxel, i) => void bytes.writeFloatLE(voxel, 4 * i));
  return createHash('sha256').update(bytes).digest('hex').slice(0, 12);
}
