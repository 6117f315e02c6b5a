import { PNG } from 'pngjs';
import type { Plane } from '../scans/look.js';

export type Colour = readonly [red: number, green: number, blue: number];

/** Something drawn over a slice. The first that says a colour has the pixel. */
export type Layer = (x: number, y: number) => readonly [colour: Colour, share: number] | null;

export interface PictureOptions {
  /** Values that are drawn black and white. */
  readonly window: { readonly low: number; readonly high: number };
  readonly layers?: readonly Layer[];
  /** Pixels a voxel. @default 1 */
  readonly zoom?: number;
  /** Axes along which the picture is turned round. @default none */
  readonly flip?: { readonly x: boolean; readonly y: boolean };
}

/**
 * A slice as a PNG in a data URL. Layers are asked for pixels of the enlarged slice, before it is
 * flipped.
 */
export function slicePicture({ width, height, values }: Plane, options: PictureOptions): string {
  const { window, layers = [], zoom = 1, flip = { x: false, y: false } } = options;
  const png = new PNG({ width: width * zoom, height: height * zoom });
  for (let row = 0, to = 0; row < png.height; row++) {
    for (let column = 0; column < png.width; column++, to += 4) {
      const x = flip.x ? png.width - 1 - column : column;
      const y = flip.y ? png.height - 1 - row : row;
      const value = values[Math.floor(y / zoom) * width + Math.floor(x / zoom)];
      const grey = 255 * unit((value - window.low) / (window.high - window.low));
      let over: ReturnType<Layer> = null;
      for (const layer of layers) over ??= layer(x, y);
      for (let i = 0; i < 3; i++)
        png.data[to + i] = over ? Math.round(grey * (1 - over[1]) + over[0][i] * over[1]) : Math.round(grey);
      png.data[to + 3] = 255;
    }
  }
  return `data:image/png;base64,${PNG.sync.write(png).toString('base64')}`;
}

/** The rim of what is not 0, inside it. */
export function outline({ width, height, values }: Plane, colour: Colour, zoom = 1): Layer {
  const inside = (x: number, y: number) => {
    const [column, row] = [Math.floor(x / zoom), Math.floor(y / zoom)];
    return column >= 0 && row >= 0 && column < width && row < height && values[row * width + column] > 0;
  };
  return (x, y) =>
    inside(x, y) && !(inside(x - 1, y) && inside(x + 1, y) && inside(x, y - 1) && inside(x, y + 1))
      ? [colour, 1]
      : null;
}

/** A map in one colour: nothing up to `low`, all but covering from `high` on. */
export function heat({ width, values }: Plane, colour: Colour, low: number, high: number, zoom = 1): Layer {
  return (x, y) => [
    colour,
    0.75 * unit((values[Math.floor(y / zoom) * width + Math.floor(x / zoom)] - low) / (high - low)),
  ];
}

/** The values between which all but a hundredth at either end lie. */
export function windowOf({ values }: Plane): { readonly low: number; readonly high: number } {
  const sorted = Float32Array.from(values).filter(Number.isFinite).sort();
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  const [low, high] = [at(0.01), at(0.99)];
  return { low, high: high > low ? high : low + 1 };
}

/**
 * How an axial slice is turned so that it is seen as radiologists see it: front at the top, the
 * patient's right at the left. Slices along other axes stay as stored.
 *
 * @param affine row-major 4x4 from voxel to RAS+ mm
 */
export function radiological(affine: readonly number[]): { readonly x: boolean; readonly y: boolean } {
  const largest = (column: number) => [0, 1, 2].reduce((a, b) => (size(b, column) > size(a, column) ? b : a));
  const size = (row: number, column: number) => Math.abs(affine[4 * row + column]);
  if (largest(0) !== 0 || largest(1) !== 1) return { x: false, y: false };
  return { x: affine[0] > 0, y: affine[5] > 0 };
}

const unit = (x: number): number => Math.min(Math.max(x, 0), 1);
