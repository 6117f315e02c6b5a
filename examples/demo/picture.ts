import { pipeline } from 'node:stream/promises';
import { PNG } from 'pngjs';
import { load, observe, openScan, type Slice } from 'segcanary';

/** Lung window, HU. */
const WINDOW = { level: -550, width: 1600 };
/** Enlargement, so that a slice of 120 voxels is not a stamp. */
const ZOOM = 2;

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly values: Float32Array;
}

/** One slice of a NIfTI file, read with the package's own loader. */
async function readSlice(path: string, z: number): Promise<Plane> {
  let found: Plane | null = null;
  await pipeline(
    await openScan(path),
    load({ case: path }),
    observe<Slice>((slice) => {
      if (slice.z !== z) return;
      const [, height, width] = slice.data.shape as [number, number, number];
      found = { width, height, values: Float32Array.from(slice.data.data) };
    }).resume(),
  );
  if (found === null) throw new Error(`${path} has no slice ${z}`);
  return found;
}

/** A slice as an inline PNG; with a mask, its excess over `low` is laid over it in orange, full at `high`. */
export async function picture(
  scan: string,
  z: number,
  mask?: { path: string; low: number; high: number },
): Promise<string> {
  const ct = await readSlice(scan, z);
  const map = mask && (await readSlice(mask.path, z));
  const png = new PNG({ width: ct.width * ZOOM, height: ct.height * ZOOM });
  for (let y = 0, to = 0; y < png.height; y++) {
    for (let x = 0; x < png.width; x++, to += 4) {
      const at = Math.floor(y / ZOOM) * ct.width + Math.floor(x / ZOOM);
      const grey = unit((ct.values[at]! - WINDOW.level) / WINDOW.width + 0.5);
      const heat = map && mask ? 0.75 * unit((map.values[at]! - mask.low) / (mask.high - mask.low)) : 0;
      [255, 128, 0].forEach((colour, c) => {
        png.data[to + c] = Math.round(255 * grey * (1 - heat) + colour * heat);
      });
      png.data[to + 3] = 255;
    }
  }
  return `data:image/png;base64,${PNG.sync.write(png).toString('base64')}`;
}

const unit = (x: number): number => Math.min(Math.max(x, 0), 1);
