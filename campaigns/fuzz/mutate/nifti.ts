import type { Dice } from '../../dice.js';

const bytesOf: Readonly<Record<number, number>> = {
  2: 1,
  4: 2,
  8: 4,
  16: 4,
  64: 8,
  256: 1,
  512: 2,
  768: 4,
  1024: 8,
  1280: 8,
};

/** What a small scan is made of; everything is drawn where it is not given. */
export interface PlainScan {
  readonly size?: readonly [number, number, number];
  readonly spacing?: readonly number[];
  readonly type?: number;
  readonly sform?: readonly number[] | undefined;
}

/** A valid file of either version and byte order, with voxels of any type. */
export function plainScan(dice: Dice, given: PlainScan = {}): Uint8Array {
  const two = dice.chance(0.4);
  const little = dice.chance(0.6);
  const size = given.size ?? [dice.int(1, 9), dice.int(1, 7), dice.int(1, 5)];
  const volumes = given.size === undefined && dice.chance(0.2) ? dice.int(1, 3) : 1;
  const type = given.type ?? Number(dice.pick(Object.keys(bytesOf)));
  const header = two ? 540 : 348;
  const gap = dice.chance(0.2) ? 4 + 16 * dice.int(0, 3) : 4;
  const each = bytesOf[type];
  const count = size[0] * size[1] * size[2] * volumes;
  const bytes = new Uint8Array(header + gap + count * each);
  const fields = fieldsOf(bytes, two, little);
  fields.sizeof(header);
  bytes.set(Buffer.from(two ? 'n+2\0\r\n\x1a\n' : 'n+1\0', 'latin1'), two ? 4 : 344);
  fields.dim([volumes > 1 ? 4 : 3, ...size, volumes, 1, 1, 1]);
  fields.type(type, 8 * each);
  fields.pixdim([dice.pick([1, -1, 0]), ...(given.spacing ?? [0.7, 1.5, 5]), 1, 1, 1, 1]);
  fields.offset(header + gap);
  const [slope, inter] = dice.pick<readonly [number, number]>([
    [1, 0],
    [0, 0],
    [2, -1024],
    [0.5, 3],
  ]);
  if (given.size === undefined) fields.scaling(slope, inter);
  fields.codes(dice.int(0, 2), given.sform ? 1 : dice.int(0, 2));
  fields.quatern([0.1, 0.2, 0.3, 5, 6, 7]);
  fields.srow(given.sform ?? [-0.7, 0, 0, 1, 0, 1.5, 0, 2, 0, 0, 5, 3]);
  fields.units(dice.pick([0, 2, 2, 2, 10]));
  voxels(new DataView(bytes.buffer, header + gap), type, little, dice);
  return bytes;
}

/** Values that are numbers: random bits of a float may be none. */
function voxels(view: DataView, type: number, little: boolean, dice: Dice): void {
  const each = bytesOf[type];
  for (let at = 0; at < view.byteLength; at += each) {
    const value = dice.int(-1200, 3000);
    if (type === 16) view.setFloat32(at, value / 7, little);
    else if (type === 64) view.setFloat64(at, value / 7, little);
    else if (each === 1) view.setUint8(at, value & 255);
    else if (each === 2) view.setInt16(at, value, little);
    else if (each === 4) view.setInt32(at, value * 65_537, little);
    else view.setBigInt64(at, BigInt(value) * 1_000_000_000_007n, little);
  }
}

/** Setters by the names of nifti1.h. */
function fieldsOf(bytes: Uint8Array, two: boolean, little: boolean) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const i16 = (at: number, v: number) => view.setInt16(at, v, little);
  const i32 = (at: number, v: number) => view.setInt32(at, v, little);
  const i64 = (at: number, v: number) => view.setBigInt64(at, BigInt.asIntN(64, BigInt(Math.trunc(v))), little);
  const f32 = (at: number, v: number) => view.setFloat32(at, v, little);
  const f64 = (at: number, v: number) => view.setFloat64(at, v, little);
  const floats = (one: number, other: number, values: readonly number[]) =>
    values.forEach((v, i) => {
      if (two) f64(other + 8 * i, v);
      else f32(one + 4 * i, v);
    });
  return {
    sizeof: (v: number) => i32(0, v),
    dim: (values: readonly number[]) =>
      values.forEach((v, i) => {
        if (two) i64(16 + 8 * i, v);
        else i16(40 + 2 * i, v);
      }),
    dimAt: (i: number, v: number) => (two ? i64(16 + 8 * i, v) : i16(40 + 2 * i, v)),
    type: (code: number, bits: number) => {
      i16(two ? 12 : 70, code);
      i16(two ? 14 : 72, bits);
    },
    pixdim: (values: readonly number[]) => floats(76, 104, values),
    pixdimAt: (i: number, v: number) => floats(76 + 4 * i, 104 + 8 * i, [v]),
    offset: (v: number) => (two ? i64(168, Number.isFinite(v) ? v : 0) : f32(108, v)),
    scaling: (slope: number, inter: number) => floats(112, 176, [slope, inter]),
    codes: (qform: number, sform: number) => {
      if (two) {
        i32(344, qform);
        i32(348, sform);
      } else {
        i16(252, qform);
        i16(254, sform);
      }
    },
    quatern: (values: readonly number[]) => floats(256, 352, values),
    srow: (values: readonly number[]) => floats(280, 400, values),
    srowAt: (i: number, v: number) => floats(280 + 4 * i, 400 + 8 * i, [v]),
    quaternAt: (i: number, v: number) => floats(256 + 4 * i, 352 + 8 * i, [v]),
    units: (v: number) => (two ? i32(500, v) : view.setUint8(123, v)),
    extension: (v: number) => view.setInt32(two ? 540 : 348, v, little),
    magic: (text: string) => bytes.set(Buffer.from(text, 'latin1'), two ? 4 : 344),
  };
}

const whole = [-1, 0, 1, 2, 3, 4, 7, 8, 255, 32_767, -32_768, 2 ** 31, 2 ** 40, 2 ** 53, 2 ** 62];
const real = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e-30,
  1e30,
  1e-45,
  3e38,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e6,
];

/** One to three fields set to what no scanner writes, or to other valid values. */
export function mutateFields(bytes: Uint8Array, dice: Dice): Uint8Array {
  const out = Uint8Array.from(bytes);
  const view = new DataView(out.buffer);
  const little = [348, 540].includes(view.getInt32(0, true));
  const fields = fieldsOf(out, view.getInt32(0, little) === 540, little);
  for (let i = dice.int(1, 3); i > 0; i--) {
    switch (dice.int(0, 12)) {
      case 0:
      case 1:
        fields.dimAt(dice.int(0, 7), dice.chance(0.5) ? dice.int(0, 9) : dice.pick(whole));
        break;
      case 2:
        fields.type(
          dice.pick([...Object.keys(bytesOf).map(Number), 0, 1, 32, 128, 1536, 1792, 2304, -1]),
          dice.pick([0, 8, 16, 32, 64, -8]),
        );
        break;
      case 3:
      case 4:
        fields.pixdimAt(dice.int(0, 7), dice.pick(real));
        break;
      case 5:
        fields.offset(dice.pick([...real, 0, 352, 544, 100, -352, 353.5, 400, 2 ** 40]));
        break;
      case 6:
        fields.scaling(dice.pick(real), dice.pick(real));
        break;
      case 7:
        fields.codes(dice.int(-1, 7), dice.int(-1, 7));
        break;
      case 8:
        fields.quaternAt(dice.int(0, 5), dice.pick(real));
        break;
      case 9:
        fields.srowAt(dice.int(0, 11), dice.pick(real));
        break;
      case 10:
        fields.units(dice.int(0, 255));
        break;
      case 11:
        fields.extension(dice.pick([1, 256, 0x01000000, -1]));
        break;
      default:
        if (dice.chance(0.5)) fields.magic(dice.pick(['n+1\0', 'n+2\0', 'ni1\0', 'n+1 ', '\0\0\0\0']));
        else fields.sizeof(dice.pick([0, 348, 540, 1543569408, 469893120, 352]));
    }
  }
  return out;
}
