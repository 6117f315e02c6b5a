import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import type { Slice } from '../../src/chunks.js';
import { runScan } from '../../src/run-scan.js';
import { observe } from '../../src/stages/observe.js';
import { fakeNifti } from '../../test/support/nifti.js';
import { NASTY, type Random } from '../random.js';
import { chopped, concat, mutateBytes } from './mutate.js';
import { same, type Target, Wrong } from './target.js';

/** Bytes of a voxel and how to read one, by NIfTI's code. Written after nifti1.h, without a line of src/. */
const TYPES: Record<number, readonly [number, (view: DataView, at: number, le: boolean) => number]> = {
  2: [1, (v, at) => v.getUint8(at)],
  4: [2, (v, at, le) => v.getInt16(at, le)],
  8: [4, (v, at, le) => v.getInt32(at, le)],
  16: [4, (v, at, le) => v.getFloat32(at, le)],
  64: [8, (v, at, le) => v.getFloat64(at, le)],
  256: [1, (v, at) => v.getInt8(at)],
  512: [2, (v, at, le) => v.getUint16(at, le)],
  768: [4, (v, at, le) => v.getUint32(at, le)],
  1024: [8, (v, at, le) => Number(v.getBigInt64(at, le))],
  1280: [8, (v, at, le) => Number(v.getBigUint64(at, le))],
};

/** A small file with any of its fields changed. */
export function niftiCase(random: Random): Uint8Array {
  const nasty = (usual: number) => (random.oneIn(6) ? random.pick(NASTY) : usual);
  const int = (usual: number) => {
    const value = Math.trunc(nasty(usual));
    return Number.isFinite(value) ? Math.max(-32768, Math.min(32767, value)) : usual;
  };
  const datatype = random.oneIn(8) ? random.below(2500) : Number(random.pick(Object.keys(TYPES)));
  const size = [1 + random.below(5), 1 + random.below(5), 1 + random.below(5)] as const;
  const volumes = random.oneIn(4) ? 1 + random.below(3) : 1;
  const bytes = size[0] * size[1] * size[2] * volumes * (TYPES[datatype]?.[0] ?? 2);
  const version = random.pick([1, 2] as const);
  const start = version === 1 ? 352 : 544;
  const whole = fakeNifti({
    version,
    littleEndian: random.oneIn(2),
    dim: [volumes > 1 ? 4 : int(3), int(size[2]), int(size[1]), int(size[0]), volumes, 1, 1, 1],
    pixdim: [random.pick([1, -1, 0, 5]), nasty(0.7), nasty(0.7), nasty(2.5), 1, 1, 1, 1],
    datatype,
    voxelOffset: random.oneIn(6) ? int(start) : start + 16 * random.below(3),
    slope: nasty(random.pick([0, 1, 2.5])),
    inter: nasty(random.pick([0, -1024])),
    units: random.below(32),
    qformCode: random.below(7) - 1,
    sformCode: random.below(7) - 1,
    quatern: Array.from({ length: 6 }, () => nasty(0.3)),
    srow: Array.from({ length: 12 }, (_, i) => nasty(i % 5 === 0 ? 1 : 0)),
    body: Uint8Array.from({ length: bytes + random.below(3) * 10 }, () => random.below(256)),
  });
  return random.oneIn(2) ? mutateBytes(whole, random) : whole;
}

/** Headers, voxels, sizes: through `load`, cut anywhere. */
export const nifti: Target = {
  name: 'nifti',
  share: 0.3,
  limit: 2000,
  async run(random) {
    const plain = niftiCase(random);
    const volume = random.oneIn(4) ? random.below(3) : undefined;
    const bytes = random.oneIn(4) ? gzipSync(plain, { level: 1 }) : plain;
    const slices: Slice[] = [];
    const keep = observe<Slice>((slice) => {
      slices.push(slice);
    });
    const source = Readable.from(chopped(bytes, random), { objectMode: true });
    await runScan(source, { file: 'fuzz.nii', ...(volume !== undefined && { volume }) }, [keep]);
    compare(slices, plain, volume ?? 0);
  },
};

/** What was read has to be what is written there. */
function compare(slices: readonly Slice[], plain: Uint8Array, volume: number): void {
  const bytes = concat(plain);
  const view = new DataView(bytes.buffer);
  const le = [348, 540].includes(view.getInt32(0, true));
  const v1 = view.getInt32(0, le) === 348;
  const dim = (i: number) => (v1 ? view.getInt16(40 + 2 * i, le) : Number(view.getBigInt64(16 + 8 * i, le)));
  const [nx, ny, nz] = [dim(1), dim(2), dim(3)];
  const type = TYPES[v1 ? view.getInt16(70, le) : view.getInt16(12, le)];
  if (!type) throw new Wrong('voxels of a type that nobody knows were read');
  const [size, read] = type;
  const stored = v1 ? view.getFloat32(108, le) : Number(view.getBigInt64(168, le));
  const offset = (stored === 0 ? (v1 ? 352 : 544) : Math.trunc(stored)) + volume * nx * ny * nz * size;
  const slope = v1 ? view.getFloat32(112, le) : view.getFloat64(176, le);
  const inter = v1 ? view.getFloat32(116, le) : view.getFloat64(184, le);
  const scaled = Number.isFinite(slope) && slope !== 0;
  same(slices.length, nz, 'the number of slices');
  slices.forEach((slice, z) => {
    same(slice.z, z, 'the number of a slice');
    same(slice.data.shape.join(), `1,${ny},${nx}`, 'the shape of a slice');
    for (let i = 0; i < nx * ny; i++) {
      const raw = read(view, offset + (z * nx * ny + i) * size, le);
      const expected = scaled ? raw * slope + inter : raw;
      const found = slice.data.data[i]!;
      // float32, computed in float32 or float64.
      const tolerance = 4e-7 * (Math.abs(scaled ? raw * slope : raw) + Math.abs(scaled ? inter : 0)) + 1e-37;
      if (!(Math.abs(found - expected) <= tolerance))
        throw new Wrong(`voxel ${i} of slice ${z} is ${found} and should be ${expected}`);
    }
  });
}
