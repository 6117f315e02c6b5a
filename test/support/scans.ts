import { readFileSync, writeFileSync } from 'node:fs';
import { writeNifti } from '../../src/formats/nifti/write.js';

export interface TestScan {
  readonly path: string;
  readonly shape?: readonly [number, number, number];
  readonly seed: number;
  /** @default 'ct' */
  readonly modality?: 'ct' | 'mr';
}

/**
 * Writes a small int16 scan: a soft body with a texture that the seed decides, in HU with air
 * around it, or as an MR with nothing around it.
 */
export async function writeScan({ path, shape = [36, 72, 72], seed, modality = 'ct' }: TestScan): Promise<string> {
  const [body, air] = modality === 'ct' ? [-400, -1000] : [500, 0];
  const [depth, height, width] = shape;
  const slices = Array.from({ length: depth }, (_, z) => {
    const voxels = new Int16Array(height * width);
    for (let y = 0, i = 0; y < height; y++) {
      for (let x = 0; x < width; x++, i++) {
        const r = Math.hypot(x / width - 0.5, y / height - 0.5);
        const wave = Math.sin((x + 3 * seed) / 5) * Math.cos((y - seed) / 7 + z / (3 + (seed % 4)));
        voxels[i] = r < 0.42 ? Math.round(body + 350 * wave) : air;
      }
    }
    return voxels;
  });
  await writeNifti(path, { shape, spacing: [5, 2.85, 2.85], dataType: 'int16', slices });
  return path;
}

/** Writes an unpacked scan of noise: out of distribution from its first patch on. */
export async function writeNoise(scan: TestScan): Promise<string> {
  const path = await writeScan(scan);
  const bytes = readFileSync(path);
  for (let at = 352; at < bytes.length; at += 2) bytes.writeInt16LE(((at / 2) * 7919) % 2048, at);
  writeFileSync(path, bytes);
  return path;
}
