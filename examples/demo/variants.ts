/**
 * Copies of a scan that are changed a little: what the demo's detector makes of each is in
 * docs/first-steps.md.
 *
 *     npx tsx examples/demo/variants.ts demo-out/scans/test/test_000.nii.gz variants
 *     npx segcanary score -d demo-out/detector -i variants
 */
import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Scan, type Triple, writeNifti } from 'segcanary';
import { eachSlice } from './slices.js';

const AIR = -1000;
const METAL = 3000;

/** A scan in memory, and its affine. */
interface Volume {
  readonly shape: Triple;
  readonly affine: readonly number[];
  /** The value of a voxel; null outside. */
  at(z: number, y: number, x: number): number | null;
}

const [path, folder] = process.argv.slice(2);
const scan = await read(path);
const [depth, height, width] = scan.shape;

/** The scan with the same margin cut off or put on at the four sides of every slice. */
const framed = (margin: number): Volume => ({
  ...scan,
  shape: [depth, height + 2 * margin, width + 2 * margin],
  at: (z, y, x) => scan.at(z, y - margin, x - margin) ?? AIR,
});

/** A block of metal in its middle, so many voxels along x and y and half as many along z. */
function withBlock(size: number): Volume {
  const isIn = (i: number, n: number, length: number) => Math.abs(i - n / 2) < length / 2;
  return {
    ...scan,
    at: (z, y, x) =>
      isIn(z, depth, size / 2) && isIn(y, height, size) && isIn(x, width, size) ? METAL : scan.at(z, y, x),
  };
}

const VARIANTS: Readonly<Record<string, Volume>> = {
  'as-it-is': scan,
  'crop-2': framed(-2),
  'crop-4': framed(-4),
  'air-4': framed(4),
  'air-16': framed(16),
  'slope-doubled': { ...scan, at: (z, y, x) => 2 * (scan.at(z, y, x) ?? AIR) },
  // Stored the other way round, and its affine says so.
  'flip-told': mirrored(scan.affine.map((v, i) => (i % 4 === 0 && i < 12 ? -v : v))),
  // The patient's left and right exchanged: nothing in the file says so.
  'flip-untold': mirrored(scan.affine),
  'block-8': withBlock(8),
  'block-16': withBlock(16),
  'block-32': withBlock(32),
};

mkdirSync(folder, { recursive: true });
for (const [name, { shape, affine, at }] of Object.entries(VARIANTS)) {
  const slices = Array.from({ length: shape[0] }, (_, z) =>
    Int16Array.from({ length: shape[1] * shape[2] }, (_v, i) => at(z, Math.floor(i / shape[2]), i % shape[2]) ?? AIR),
  );
  const to = join(folder, `${basename(path).replace(/\.nii(\.gz)?$/, '')}_${name}.nii.gz`);
  await writeNifti(to, { shape, affine, dataType: 'int16', slices });
}

function mirrored(affine: readonly number[]): Volume {
  return { ...scan, affine, at: (z, y, x) => scan.at(z, y, width - 1 - x) };
}

async function read(file: string): Promise<Volume> {
  const planes: Float32Array[] = [];
  let found: Scan | null = null;
  await eachSlice(file, ({ data, grid }) => {
    found = grid.scan;
    planes.push(Float32Array.from(data.data));
  });
  if (found === null) throw new Error(`${file} has no slice`);
  const { shape, affine } = found as Scan;
  const [, rows, columns] = shape;
  const isIn = (y: number, x: number) => y >= 0 && y < rows && x >= 0 && x < columns;
  return { shape, affine, at: (z, y, x) => (isIn(y, x) ? (planes[z]?.[y * columns + x] ?? null) : null) };
}
