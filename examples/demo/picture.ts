import { PNG } from 'pngjs';
import { type Plane, readSlice } from './slices.js';

/** Lung window, HU. */
const WINDOW = { level: -550, width: 1600 };
/** Enlargement, so that a slice of 120 voxels is not a stamp. */
const ZOOM = 2;

type Colour = readonly [red: number, green: number, blue: number];
const ORANGE: Colour = [255, 128, 0];
const PREDICTED: Colour = [90, 190, 255];
const TRUE: Colour = [255, 235, 60];

/** A slice as an inline PNG with the outlines of the network's segmentation, in blue, and of the truth, in yellow. */
export async function segmented(scan: string, z: number, segmentation: string, truth: string): Promise<string> {
  const ct = await readSlice(scan, z);
  const outlines = [outline(await readSlice(truth, z)), outline(await readSlice(segmentation, z))] as const;
  return draw(ct, (x, y) => (outlines[1](x, y) ? [PREDICTED, 1] : outlines[0](x, y) ? [TRUE, 1] : null));
}

/** The same slice with the uncertainty map: its excess over `low` is laid over it in orange, full at `high`. */
export async function uncertain(
  scan: string,
  z: number,
  { mask, low, high }: { mask: string; low: number; high: number },
): Promise<string> {
  const map = await readSlice(mask, z);
  const at = (x: number, y: number) => map.values[Math.floor(y / ZOOM) * map.width + Math.floor(x / ZOOM)]!;
  return draw(await readSlice(scan, z), (x, y) => [ORANGE, 0.75 * unit((at(x, y) - low) / (high - low))]);
}

/** Whether a pixel of the enlarged picture lies in a region and next to one that does not. */
function outline(labels: Plane): (x: number, y: number) => boolean {
  const inside = (x: number, y: number) => {
    const [column, row] = [Math.floor(x / ZOOM), Math.floor(y / ZOOM)];
    if (column < 0 || row < 0 || column >= labels.width || row >= labels.height) return false;
    return labels.values[row * labels.width + column]! > 0;
  };
  return (x, y) => inside(x, y) && !(inside(x - 1, y) && inside(x + 1, y) && inside(x, y - 1) && inside(x, y + 1));
}

function draw(ct: Plane, over: (x: number, y: number) => readonly [Colour, number] | null): string {
  const png = new PNG({ width: ct.width * ZOOM, height: ct.height * ZOOM });
  for (let y = 0, to = 0; y < png.height; y++) {
    for (let x = 0; x < png.width; x++, to += 4) {
      const value = ct.values[Math.floor(y / ZOOM) * ct.width + Math.floor(x / ZOOM)]!;
      const grey = 255 * unit((value - WINDOW.level) / WINDOW.width + 0.5);
      const [colour, share] = over(x, y) ?? [ORANGE, 0];
      colour.forEach((c, i) => {
        png.data[to + i] = Math.round(grey * (1 - share) + c * share);
      });
      png.data[to + 3] = 255;
    }
  }
  return `data:image/png;base64,${PNG.sync.write(png).toString('base64')}`;
}

const unit = (x: number): number => Math.min(Math.max(x, 0), 1);
