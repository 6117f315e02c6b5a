import type { Triple } from '../../chunks.js';
import type { Warning } from '../../results.js';
import { type AffineContext, bestAffine } from './affine.js';
import { dataTypes, type NiftiDataType } from './datatypes.js';
import type { NiftiFields } from './fields.js';
import type { NiftiGeometry } from './geometry.js';
import type { Scaling } from './readers/reader-rules.js';

interface Checked extends AffineContext {
  readonly dataType: NiftiDataType;
  /** First byte of the voxels, and whether it is one of the header's own file. */
  readonly voxelOffset: number;
  readonly pair: boolean;
  /** What the reader makes of slope and intercept. */
  readonly scaling: Scaling;
}

/**
 * What a header says twice and not the same, or says and cannot mean. Whoever reads it has to
 * choose, and readers choose differently; every one of them does so in silence.
 */
export function contradictionsOf(fields: NiftiFields, checked: Checked): Warning[] {
  return [
    ...bitsOfVoxel(fields, checked),
    ...placeOfVoxels(fields, checked),
    ...scaling(fields, checked),
    ...negativeSizes(fields.geometry),
    ...codes(fields.geometry),
    ...placeOfImage(fields.geometry, checked),
  ];
}

const contradiction = (message: string): Warning => ({ code: 'contradicting-header', message });

function bitsOfVoxel({ bitpix }: NiftiFields, { dataType }: Checked): Warning[] {
  const bits = 8 * dataTypes[dataType].bytes;
  if (bitpix === bits) return [];
  return [
    contradiction(
      `Its header gives a voxel ${bitpix} bits (bitpix) and the type ${dataType}, which has ${bits}: one of the two is wrong.`,
    ),
  ];
}

function placeOfVoxels({ voxelOffset: stored }: NiftiFields, { voxelOffset, pair }: Checked): Warning[] {
  if (pair || stored !== 0) return [];
  return [
    contradiction(
      `Its header says that its voxels begin at byte 0, where the header is: they were read from byte ${voxelOffset} on, where they belong. nnU-Net's readers take bytes of the header for voxels.`,
    ),
  ];
}

/** Scales of quantitative maps lie well within. */
const SLOPE = { min: 1e-8, max: 1e8 };

function scaling({ slope, intercept }: NiftiFields, { scaling: taken }: Checked): Warning[] {
  const isScaled = Number.isFinite(slope) && slope !== 0;
  if (!isScaled && Number.isFinite(intercept) && intercept !== 0)
    return [
      contradiction(
        `Its header has an intercept of ${intercept} and a slope of ${slope}: SimpleITK adds the intercept, nibabel does not. It was ${taken.intercept === 0 ? 'not ' : ''}added.`,
      ),
    ];
  if (!isScaled) return [];
  if (!Number.isFinite(intercept))
    return [
      contradiction(
        `Its header has a slope of ${slope} and an intercept that is not a number: SimpleITK takes it for 0, nibabel refuses it.`,
      ),
    ];
  if (slope >= SLOPE.min && slope <= SLOPE.max) return [];
  return [
    {
      code: 'implausible-scaling',
      message: `Its header multiplies every voxel by ${slope}, ${slope < 0 ? 'which turns bright into dark' : 'which no scanner does'}.`,
    },
  ];
}

function negativeSizes({ pixdim }: NiftiGeometry): Warning[] {
  if (pixdim.slice(1, 4).every((size) => size >= 0)) return [];
  return [
    contradiction(
      `Its header has voxels of ${triple(pixdim.slice(1, 4))} mm: nnU-Net takes them without the sign, and SimpleITK turns the axis around.`,
    ),
  ];
}

function codes({ qformCode, sformCode, pixdim: [qfac] }: NiftiGeometry): Warning[] {
  const found = Object.entries({ qform: qformCode, sform: sformCode })
    .filter(([, code]) => code < 0 || code > 5)
    .map(([form, code]) =>
      contradiction(
        `Its header gives its ${form} the code ${code}, which does not exist: SimpleITK and nibabel differ.`,
      ),
    );
  if (qformCode > 0 && qfac < 0 && qfac !== -1)
    found.push(
      contradiction(`Its header has a qfac (pixdim[0]) of ${qfac} and not of 1 or -1: SimpleITK and nibabel differ.`),
    );
  return found;
}

/** Largest relative difference of the lengths of an sform's columns and pixdim. */
const LENGTHS = 1e-3;
/** Largest way in voxels between the places of a corner by sform and by qform. */
const CORNERS = 0.1;

/** The first of what is wrong with it: a qform has the lengths of pixdim too. */
function placeOfImage(geometry: NiftiGeometry, checked: Checked): Warning[] {
  const found = sformOf(geometry);
  return found.length > 0 ? found : qformOf(geometry, checked);
}

function sformOf({ sformCode, srow, pixdim }: NiftiGeometry): Warning[] {
  if (sformCode <= 0) return [];
  const columns = [0, 1, 2].map((c) => [srow[c], srow[4 + c], srow[8 + c]] as const);
  const lengths = columns.map((column) => Math.hypot(...column));
  const [x, y, z] = columns.map((column, c) => column.map((v) => v / lengths[c])) as [number[], number[], number[]];
  const volume =
    x[0] * (y[1] * z[2] - y[2] * z[1]) - y[0] * (x[1] * z[2] - x[2] * z[1]) + z[0] * (x[1] * y[2] - x[2] * y[1]);
  // Not more either for NaN, of columns of length 0.
  if (!(Math.abs(volume) > 1e-6))
    return [contradiction(`Its header has an sform (code ${sformCode}) that puts all voxels into one plane or point.`)];
  const sizes = [1, 2, 3].map((axis) => Math.abs(pixdim[axis]));
  if (lengths.every((length, c) => Math.abs(length - sizes[c]) <= LENGTHS * sizes[c])) return [];
  return [
    contradiction(
      `Its voxels are ${triple(sizes)} by pixdim and ${triple(lengths)} by the sform: nnU-Net takes pixdim, others the sform.`,
    ),
  ];
}

function qformOf(geometry: NiftiGeometry, checked: Checked): Warning[] {
  const { qformCode, sformCode, srow } = geometry;
  if (qformCode <= 0 || sformCode <= 0) return [];
  const way = farthest(srow, qformAffine(geometry, checked), checked.shape);
  const smallest = Math.min(...[1, 2, 3].map((axis) => Math.abs(geometry.pixdim[axis])));
  if (way <= CORNERS * smallest) return [];
  return [
    contradiction(
      `Its sform (code ${sformCode}) and its qform (code ${qformCode}) differ: by one the image lies elsewhere than by the other, and readers differ in which they take.`,
    ),
  ];
}

/** NaN where the quaternion is none. */
function qformAffine(geometry: NiftiGeometry, checked: Checked): readonly number[] {
  const { quatern } = geometry;
  if (!(Math.hypot(...quatern) <= 1.001)) return new Array(16).fill(Number.NaN);
  // Rounded to the edge, where nibabel's own tolerance would refuse it.
  const longest = Math.max(1, Math.hypot(...quatern));
  const [b, c, d] = quatern.map((v) => v / longest) as [number, number, number];
  return bestAffine({ ...geometry, quatern: [b, c, d], qformCode: 1, sformCode: 0 }, checked);
}

/** The longest way between the places that two affines give a corner of the image; NaN is far. */
function farthest(a: readonly number[], b: readonly number[], [nx, ny, nz]: Triple): number {
  let longest = 0;
  for (const x of [0, nx - 1])
    for (const y of [0, ny - 1])
      for (const z of [0, nz - 1]) {
        const at = [x, y, z, 1];
        const between = [0, 1, 2].map((row) =>
          at.reduce((sum, v, column) => sum + (a[4 * row + column] - b[4 * row + column]) * v, 0),
        );
        const way = Math.hypot(...between);
        longest = Math.max(longest, Number.isNaN(way) ? Number.POSITIVE_INFINITY : way);
      }
  return longest;
}

const triple = (values: readonly number[]): string => values.map((value) => Number(value.toPrecision(5))).join(' x ');
