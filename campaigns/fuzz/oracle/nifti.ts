/** A scan as this decoder reads it. */
export interface OracleScan {
  /** Voxels along [x, y, z]. */
  readonly size: readonly [number, number, number];
  /** Along [x, y, z], mm. */
  readonly spacing: readonly number[];
  /**
   * 16 numbers, or null where the decoder does not judge (a quaternion on the edge of length 1).
   */
  readonly affine: readonly number[] | null;
  readonly values: Float32Array;
}

type Reader = (at: number) => number;

/**
 * A second reading of a NIfTI file, from nifti1.h, nifti2.h and the rules of nibabel or ITK, with
 * nothing of src in it. Null where the file has to be refused.
 *
 * @param reader nibabel's rules with units honoured where there is none
 */
export function decodeNifti(
  bytes: Uint8Array,
  volume: number | undefined,
  reader?: 'simpleitk' | 'nibabel',
): OracleScan | null {
  if (bytes.length < 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = [348, 540].includes(view.getInt32(0, true));
  const sizeOfHeader = view.getInt32(0, little);
  if (sizeOfHeader !== 348 && sizeOfHeader !== 540) return null;
  if (bytes.length < sizeOfHeader) return null;
  const two = sizeOfHeader === 540;
  const magic = String.fromCharCode(...bytes.subarray(two ? 4 : 344, two ? 8 : 348));
  if (magic !== (two ? 'n+2\0' : 'n+1\0')) return null;
  const i16: Reader = (at) => view.getInt16(at, little);
  const i32: Reader = (at) => view.getInt32(at, little);
  const i64: Reader = (at) => Number(view.getBigInt64(at, little));
  const f32: Reader = (at) => view.getFloat32(at, little);
  const f64: Reader = (at) => view.getFloat64(at, little);
  const many = (count: number, read: Reader, at: number, step: number) =>
    Array.from({ length: count }, (_, i) => read(at + i * step));
  const dim = two ? many(8, i64, 16, 8) : many(8, i16, 40, 2);
  const type = i16(two ? 12 : 70);
  const pixdim = two ? many(8, f64, 104, 8) : many(8, f32, 76, 4);
  const stored = two ? i64(168) : f32(108);
  const slope = two ? f64(176) : f32(112);
  const inter = two ? f64(184) : f32(116);
  const qform = two ? i32(344) : i16(252);
  const sform = two ? i32(348) : i16(254);
  const [b, c, d, ...origin] = (two ? many(6, f64, 352, 8) : many(6, f32, 256, 4)) as [
    number,
    number,
    number,
    ...number[],
  ];
  const srow = two ? many(12, f64, 400, 8) : many(12, f32, 280, 4);
  const units = (two ? i32(500) : view.getUint8(123)) & 7;

  const rank = dim[0];
  if (rank < 3 || rank > 7) return null;
  if (dim.slice(1, rank + 1).some((n) => n < 1)) return null;
  const size = [dim[1], dim[2], dim[3]] as const;
  const volumes = dim.slice(4, rank + 1).reduce((a, n) => a * n, 1);
  if (volume === undefined ? volumes > 1 : volume >= volumes) return null;
  const kind = types[type];
  if (!kind) return null;
  const first = stored === 0 ? sizeOfHeader + 4 : Math.trunc(stored);
  if (!(first >= sizeOfHeader + 4)) return null;
  const voxels = size[0] * size[1] * size[2];
  // All volumes have to be there: a file that was cut off behind the wanted one is cut off.
  if (!(first + voxels * volumes * kind[0] <= bytes.length)) return null;
  const itk = reader === 'simpleitk';
  const scale = reader === 'nibabel' ? 1 : units === 1 ? 1000 : units === 3 ? 0.001 : 1;
  const spacing = [1, 2, 3].map((i) => Math.abs(pixdim[i]) * scale);
  if (!spacing.every((mm) => mm > 0 && Number.isFinite(mm))) return null;
  let scaled = Number.isFinite(slope) && slope !== 0;
  let [m, t] = [slope, inter];
  if (itk) {
    const tiny = 2.220446049250313e-16;
    if (!scaled || Math.abs(m) < tiny) m = 1;
    if (!Number.isFinite(t)) t = 0;
    scaled = Math.abs(m - 1) > tiny || Math.abs(t) > tiny;
  } else if (scaled && !Number.isFinite(inter)) return null;

  const forms = itk ? itkForms : nibabelForms;
  const affine = forms({ two, b, c, d, origin, srow, pixdim, qform, sform, size }, scale);
  if (affine === 'refused') return null;
  if (affine && !affine.every(Number.isFinite)) return null;
  if (!affine && !origin.every((v) => Number.isFinite(v * scale))) return null;

  const at = first + (volume ?? 0) * voxels * kind[0];
  const values = new Float32Array(voxels);
  for (let i = 0; i < voxels; i++) {
    const raw = kind[1](view, at + i * kind[0], little);
    values[i] = scaled ? (itk && type !== 64 ? Math.fround(raw) : raw) * m + t : raw;
    if (!Number.isFinite(values[i])) return null;
  }
  return { size, spacing, affine: affine && [...affine, 0, 0, 0, 1], values };
}

interface Forms {
  readonly two: boolean;
  readonly b: number;
  readonly c: number;
  readonly d: number;
  readonly origin: readonly number[];
  readonly srow: readonly number[];
  readonly pixdim: readonly number[];
  readonly qform: number;
  readonly sform: number;
  readonly size: readonly number[];
}

/** 12 numbers; null where this decoder does not judge. */
type Affine = number[] | null | 'refused';

function nibabelForms(forms: Forms, scale: number): Affine {
  const { srow, pixdim, size, sform, qform } = forms;
  const known = (code: number) => code > 0 && code < 6;
  if (known(sform)) return srow.map((v) => v * scale);
  if (known(qform)) return quaternionForm(forms, pixdim[0] === -1 ? -1 : 1, scale);
  return [0, 1, 2].flatMap((i) => {
    const zoom = Math.abs(pixdim[i + 1]) * scale * (i === 0 ? -1 : 1);
    return [...[0, 1, 2].map((j) => (i === j ? zoom : 0)), (-zoom * (size[i] - 1)) / 2];
  });
}

/** Directions alone are a form's, lengths and signs are pixdim's. */
function itkForms(forms: Forms, scale: number): Affine {
  const { srow, pixdim, sform, qform } = forms;
  if (sform <= 0 && qform <= 0)
    return [0, 1, 2].flatMap((i) => {
      const row = [0, 0, 0, 0];
      row[i] = pixdim[i + 1] * scale * (i === 2 ? 1 : -1);
      return row;
    });
  const columns = [0, 1, 2].map((j) => [srow[j], srow[j + 4], srow[j + 8]]);
  const units = columns.map((column) => column.map((v) => v / Math.hypot(...column)));
  const isRight = [0, 1, 2].every((i) =>
    [0, 1, 2].every((j) => {
      const product = units.reduce((sum, unit) => sum + unit[i] * unit[j], 0);
      return Math.abs(product - Number(i === j)) <= 1e-4;
    }),
  );
  const turned = () => {
    const found = quaternionForm(forms, pixdim[0] < 0 ? -1 : 1, scale);
    const signs = [1, 2, 3].map((i) => Math.sign(pixdim[i]));
    return Array.isArray(found) ? found.map((v, i) => (i % 4 < 3 ? v * signs[i % 4] : v)) : found;
  };
  if (sform <= 0) return turned();
  if (isRight && (qform <= 0 || sform === 1))
    return srow.map((v, i) => (i % 4 < 3 ? units[i % 4][Math.floor(i / 4)] * pixdim[(i % 4) + 1] : v) * scale);
  if (qform <= 0) return 'refused';
  const found = turned();
  // Whether the two are alike is left to ITK.
  return isRight && found !== 'refused' ? null : found;
}

function quaternionForm({ two, b, c, d, origin, pixdim }: Forms, qfac: number, scale: number): Affine {
  const rest = 1 - b * b - c * c - d * d;
  const tolerance = two ? 1e-15 : 1e-6;
  if (!(rest > -4 * tolerance)) return 'refused';
  if (Math.abs(rest) <= 4 * tolerance) return null;
  const a = Math.sqrt(rest);
  const zooms = [1, 2, 3].map((i) => Math.abs(pixdim[i]) * (i === 3 ? qfac : 1) * scale);
  const r = [
    [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
    [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
    [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
  ];
  return r.flatMap((row, i) => [...row.map((v, j) => v * zooms[j]), origin[i] * scale]);
}

type Voxel = (view: DataView, at: number, little: boolean) => number;

/** Bytes and reader of every type, by NIfTI's code. */
const types: Readonly<Record<number, readonly [bytes: number, read: Voxel]>> = {
  2: [1, (view, at) => view.getUint8(at)],
  4: [2, (view, at, le) => view.getInt16(at, le)],
  8: [4, (view, at, le) => view.getInt32(at, le)],
  16: [4, (view, at, le) => view.getFloat32(at, le)],
  64: [8, (view, at, le) => view.getFloat64(at, le)],
  256: [1, (view, at) => view.getInt8(at)],
  512: [2, (view, at, le) => view.getUint16(at, le)],
  768: [4, (view, at, le) => view.getUint32(at, le)],
  1024: [8, (view, at, le) => Number(view.getBigInt64(at, le))],
  1280: [8, (view, at, le) => Number(view.getBigUint64(at, le))],
};
