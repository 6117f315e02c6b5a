import type { Triple } from '../../../../chunks.js';
import { colourOf } from '../segments.js';
import type { Canvas, Colour } from './canvas.js';

/** One slice of a page, on the scan's own grid: [y, x] in C order. */
export interface PageSlice {
  readonly z: number;
  /** Why it is shown. */
  readonly title: string;
  readonly values: Float32Array;
  readonly map: Float32Array | null;
  readonly labels: Float32Array | null;
}

/** How slices are drawn. */
export interface PanelOptions {
  /** Voxels along [z, y, x]. */
  readonly shape: Triple;
  /** mm along [z, y, x]. */
  readonly spacing: Triple;
  /** Values that are drawn black and white. */
  readonly window: { readonly low: number; readonly high: number };
  /** Values of the map that are clear and all but covering. */
  readonly heat: { readonly low: number; readonly high: number };
  /** Axes along which a slice is turned round. */
  readonly flip: { readonly x: boolean; readonly y: boolean };
  /** Voxel [x, y, z] that is marked in its slice. */
  readonly mark: Triple | null;
}

const ORANGE: Colour = [255, 128, 0];
const MARK: Colour = [0, 255, 255];

/** Draws a slice as large as fits into a square, with its voxels as long and wide as they are. */
export function drawSlice(
  canvas: Canvas,
  left: number,
  top: number,
  side: number,
  slice: PageSlice,
  options: PanelOptions,
) {
  const { shape, spacing, window, heat, flip, mark } = options;
  const [, height, width] = shape;
  const size = [width * spacing[2], height * spacing[1]];
  const perPixel = Math.max(...size) / side;
  const [columns, rows] = size.map((mm) => Math.max(1, Math.round(mm / perPixel)));
  const [x0, y0] = [left + ((side - columns) >> 1), top + ((side - rows) >> 1)];
  // Voxel under a pixel.
  const across = (pixel: number) => turned(((pixel + 0.5) / columns) * width, width, flip.x);
  const down = (pixel: number) => turned(((pixel + 0.5) / rows) * height, height, flip.y);
  const labelAt = (column: number, row: number): number => {
    const [x, y] = [Math.floor(across(column)), Math.floor(down(row))];
    return slice.labels && x >= 0 && y >= 0 && x < width && y < height ? slice.labels[y * width + x] : 0;
  };
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const [x, y] = [across(column) - 0.5, down(row) - 0.5];
      const grey = 255 * unit((between(slice.values, width, height, x, y) - window.low) / (window.high - window.low));
      canvas.blend(x0 + column, y0 + row, [grey, grey, grey]);
      if (slice.map) {
        const share = unit((between(slice.map, width, height, x, y) - heat.low) / (heat.high - heat.low));
        canvas.blend(x0 + column, y0 + row, ORANGE, 0.7 * share);
      }
      const label = labelAt(column, row);
      const isRim =
        label > 0 &&
        [
          [-1, 0],
          [2, 0],
          [0, -1],
          [0, 2],
        ].some(([dx, dy]) => labelAt(column + dx, row + dy) !== label);
      if (isRim) canvas.blend(x0 + column, y0 + row, colourOf(label));
    }
  if (mark === null || mark[2] !== slice.z) return;
  const at = [
    x0 + Math.round((turned(mark[0] + 0.5, width, flip.x) / width) * columns),
    y0 + Math.round((turned(mark[1] + 0.5, height, flip.y) / height) * rows),
  ];
  cross(canvas, at[0], at[1]);
}

/** A cross that leaves its middle free. */
function cross(canvas: Canvas, x: number, y: number): void {
  for (let i = 5; i < 14; i++)
    for (const j of [0, 1]) {
      canvas.blend(x - i, y + j, MARK);
      canvas.blend(x + i + 1, y + j, MARK);
      canvas.blend(x + j, y - i, MARK);
      canvas.blend(x + j, y + i + 1, MARK);
    }
}

/** Linear between voxels; the border goes on beyond the rim. */
function between(values: Float32Array, width: number, height: number, x: number, y: number): number {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const [a, b] = [x - left, y - top];
  const at = (dx: number, dy: number) => values[clamp(top + dy, height - 1) * width + clamp(left + dx, width - 1)];
  return (1 - b) * ((1 - a) * at(0, 0) + a * at(1, 0)) + b * ((1 - a) * at(0, 1) + a * at(1, 1));
}

const turned = (at: number, length: number, flip: boolean): number => (flip ? length - at : at);
const clamp = (at: number, most: number): number => Math.min(Math.max(at, 0), most);
const unit = (x: number): number => clamp(x, 1);
