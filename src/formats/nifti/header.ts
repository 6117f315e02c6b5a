import type { Triple } from '../../chunks.js';
import { SegcanaryError } from '../../errors.js';
import type { ImageReader } from '../../plan.js';
import type { Warning } from '../../results.js';
import { hasNiftiLength } from '../identify.js';
import { contradictionsOf } from './contradictions.js';
import { dataTypeOf, dataTypes, type NiftiDataType, unusableTypes } from './datatypes.js';
import { readFields } from './fields.js';
import type { NiftiGeometry } from './geometry.js';
import { versionOf } from './magic.js';
import { rulesOf } from './readers/rules.js';

/**
 * What the header of a NIfTI-1 or -2 file says, checked: sizes are positive and plausible, the
 * voxel type is one that can be read.
 */
export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** Voxels of one volume along [z, y, x]. */
  readonly shape: Triple;
  /** Volumes in the file: the product of the dimensions after the third. */
  readonly volumes: number;
  readonly dataType: NiftiDataType;
  /** First byte of the voxels: in the file itself, or in the .img of a pair. */
  readonly voxelOffset: number;
  /** value = slope * stored + intercept, as the reader takes them; 1 and 0 for none. */
  readonly slope: number;
  readonly intercept: number;
  /** Whether integers are rounded to float32 before slope and intercept are applied. */
  readonly roundsFirst: boolean;
  readonly geometry: NiftiGeometry;
  /** Voxel size in mm along [z, y, x]. */
  readonly spacing: Triple;
  /** Row-major 4x4, voxel (x, y, z, 1) to RAS+ mm. */
  readonly affine: readonly number[];
  /** Where the header contradicts itself. */
  readonly warnings: readonly Warning[];
}

export interface ParseHeaderOptions {
  /** Name of the file in messages. */
  readonly name: string;
  /** The bytes are the .hdr of a .hdr/.img pair. @default false */
  readonly pair?: boolean;
  /**
   * Whose rules decide where readers differ.
   * @default nibabel's, with units honoured
   */
  readonly reader?: ImageReader | undefined;
}

/**
 * Bytes of the header that begins like this, or null when fewer than 4 bytes are there to tell.
 * Bytes that are not NIfTI at all give 348: enough to say what they look like.
 */
export function headerLength(start: Uint8Array): 348 | 540 | null {
  if (start.length < 4) return null;
  return hasNiftiLength(start, 540) ? 540 : 348;
}

/**
 * Reads a header from its first `headerLength` bytes and checks it. Slope, intercept, units and
 * affine are taken as the reader takes them.
 *
 * @throws SegcanaryError `nifti-invalid` for bytes that are not NIfTI or contradict themselves,
 *   `nifti-unsupported` for NIfTI that no network takes
 */
export function parseHeader(bytes: Uint8Array, { name, pair = false, reader }: ParseHeaderOptions): NiftiHeader {
  const invalid = (what: string) => new SegcanaryError('nifti-invalid', `${what}.`, { subject: name });
  const version = versionOf(bytes, { name, pair });
  const raw = readFields(bytes, version);
  const { shape, volumes } = readShape(raw.dim, name, invalid);
  const dataType = dataTypeOf(raw.datatype);
  if (dataType === null) {
    const what = unusableTypes[raw.datatype] ?? `voxels of an unknown type (code ${raw.datatype})`;
    throw new SegcanaryError(
      'nifti-unsupported',
      `the file holds ${what}; give a scan with one plain number a voxel.`,
      { subject: name },
    );
  }
  const bytesOfAll = shape[0] * shape[1] * shape[2] * volumes * dataTypes[dataType].bytes;
  if (!Number.isSafeInteger(bytesOfAll)) {
    const size = `${[...shape].reverse().join(' x ')}${volumes > 1 ? ` x ${volumes}` : ''}`;
    throw invalid(`the header announces ${size} voxels, which no scan has; the file is probably damaged`);
  }
  const voxelOffset = readOffset(raw.voxelOffset, version, pair, invalid);
  const { geometry } = raw;
  const rules = rulesOf(reader);
  const scale = rules.millimetres(geometry.xyztUnits);
  const spacing = readSpacing(geometry, scale, invalid);
  const context = { shape: [shape[2], shape[1], shape[0]] as const, version, name };
  const affine = rules.affine(geometry, context).map((value, i) => (i < 12 ? value * scale : value));
  if (!affine.every(Number.isFinite)) {
    throw invalid('the sform or qform of the header holds values that are not numbers; repair the header');
  }
  const scaling = rules.scaling(raw, name);
  return {
    version,
    littleEndian: raw.littleEndian,
    shape,
    volumes,
    dataType,
    voxelOffset,
    ...scaling,
    roundsFirst: rules.roundsFirst,
    geometry,
    spacing,
    affine,
    warnings: contradictionsOf(raw, { ...context, dataType, voxelOffset, pair, scaling }),
  };
}

type Invalid = (what: string) => SegcanaryError;

function readShape(dims: readonly number[], name: string, invalid: Invalid): { shape: Triple; volumes: number } {
  const count = dims[0];
  if (count < 1 || count > 7) {
    throw invalid(`the header announces ${count} dimensions where 1 to 7 are possible; the file is probably damaged`);
  }
  const sizes = dims.slice(1, count + 1);
  if (!sizes.every((size) => size >= 1)) {
    throw invalid(
      `the header announces an image of ${sizes.join(' x ')} voxels, which is none; the file is probably damaged`,
    );
  }
  if (count < 3) {
    throw new SegcanaryError(
      'nifti-unsupported',
      `the image has ${count} dimension${count > 1 ? 's' : ''}; a scan has three.`,
      { subject: name },
    );
  }
  const [x, y, z, ...more] = sizes as [number, number, number, ...number[]];
  return { shape: [z, y, x], volumes: more.reduce((product, size) => product * size, 1) };
}

function readOffset(stored: number, version: 1 | 2, pair: boolean, invalid: Invalid): number {
  const least = pair ? 0 : version === 1 ? 352 : 544;
  // nibabel: 0 means right after the header, anything else below that is an error.
  const offset = stored === 0 ? least : Math.trunc(stored);
  if (!(offset >= least) || !Number.isSafeInteger(offset)) {
    throw invalid(
      `the header says that the voxels begin at byte ${stored}, which cannot be; the file is probably damaged`,
    );
  }
  return offset;
}

function readSpacing(geometry: NiftiGeometry, scale: number, invalid: Invalid): Triple {
  const size = (axis: 1 | 2 | 3) => {
    const value = Math.abs(geometry.pixdim[axis]) * scale;
    if (value > 0 && Number.isFinite(value)) return value;
    throw invalid(
      `the header gives a voxel size of ${geometry.pixdim[axis]} along ${' xyz'[axis]}; write the true size into pixdim`,
    );
  };
  return [size(3), size(2), size(1)];
}
