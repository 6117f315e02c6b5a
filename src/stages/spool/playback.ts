import ndarray from 'ndarray';
import type { Grid, Slice } from '../../chunks.js';

/** Random access to a scan's slices on the scan's own grid. */
export interface SliceStore {
  /** Fills `data` with slice z, [c, y, x], and `nonzero`, where it is kept, with its [y, x]. */
  read(z: number, data: Float32Array, nonzero: Uint8Array | null): Promise<void>;
  /** Whether the non-zero mask is kept. */
  readonly masked: boolean;
}

/**
 * Bytes of output slices that are assembled at a time when the slice axis moves: 64 MiB, or one
 * slice where that is more.
 */
const blockBytes = 64 * 2 ** 20;

/** Where voxels of a stored slice go in the slices of the grid, all in the unit of one number. */
interface AxisReading {
  readonly axis: number;
  readonly step: number;
  readonly origin: number;
}

type AxisReadings = readonly [AxisReading, AxisReading, AxisReading];

/**
 * The slices of a grid that is a permuted, flipped and cropped scan, z ascending.
 *
 * While the slice axis stays where it is every stored slice is read once, the next while the reader
 * works on this one. Where it moves, a slice of the grid draws on every stored slice: the scan is
 * then read once for each 64 MiB block of output.
 */
export async function* playBack(grid: Grid, store: SliceStore, signal: AbortSignal): AsyncGenerator<Slice> {
  const { scan } = grid;
  const [, , width] = scan.shape;
  // Where axis i of the grid starts and goes in the scan: in slices for the scan's z, in numbers of
  // a plane for y and x.
  const readings = [0, 1, 2].map((i): AxisReading => {
    const axis = grid.axes[i];
    const step = [1, width, 1][axis];
    const start = grid.box.start[i];
    return grid.flipped[i]
      ? { axis, step: -step, origin: (scan.shape[axis] - 1 - start) * step }
      : { axis, step, origin: start * step };
  }) as unknown as AxisReadings;
  yield* readings[0].axis === 0 ? inOrder(grid, store, readings) : byBlocks(grid, store, readings, signal);
}

/** Slices that are stored slices, turned and cropped in the plane at most. */
async function* inOrder(grid: Grid, store: SliceStore, readings: AxisReadings): AsyncGenerator<Slice> {
  const { shape, channels } = grid;
  const [, height, width] = grid.scan.shape;
  const asStored = shape[1] === height && shape[2] === width && readings[1].step === width && readings[2].step === 1;
  const stored = asStored ? null : emptyPlanes(channels, height, width, store.masked);

  const play = async (z: number): Promise<Slice> => {
    const slice = emptySlice(grid, z, store.masked);
    const { data, nonzero } = stored ?? { data: slice.data.data, nonzero: slice.nonzero?.data ?? null };
    await store.read(readings[0].origin + z * readings[0].step, data, nonzero);
    if (stored === null) return slice;
    copyPlanes(data, slice.data.data, channels, height * width, shape[1], shape[2], readings[1], readings[2]);
    if (nonzero) copyPlanes(nonzero, slice.nonzero!.data, 1, 0, shape[1], shape[2], readings[1], readings[2]);
    return slice;
  };

  let next = play(0);
  for (let z = 0; z < shape[0]; z++) {
    const slice = await next;
    if (z + 1 < shape[0]) {
      next = play(z + 1);
      // Raised when its turn comes; until then it must not count as unhandled.
      next.catch(() => {});
    }
    yield slice;
  }
}

/** Slices that draw on every stored slice. */
async function* byBlocks(
  grid: Grid,
  store: SliceStore,
  readings: AxisReadings,
  signal: AbortSignal,
): AsyncGenerator<Slice> {
  const { shape, channels } = grid;
  const [, height, width] = grid.scan.shape;
  const { data, nonzero } = emptyPlanes(channels, height, width, store.masked);
  const block = Math.max(1, Math.floor(blockBytes / (4 * channels * shape[1] * shape[2])));
  const deep = readings[1].axis === 0 ? 1 : 2;
  for (let first = 0; first < shape[0]; first += block) {
    const slices = Array.from({ length: Math.min(block, shape[0] - first) }, (_, b) =>
      emptySlice(grid, first + b, nonzero !== null),
    );
    for (let d = 0; d < shape[deep]; d++) {
      signal.throwIfAborted();
      await store.read(readings[deep].origin + d * readings[deep].step, data, nonzero);
      for (const slice of slices) {
        scatterLine(data, slice.data.data, channels, height * width, grid, readings, deep, slice.z, d);
        if (nonzero) scatterLine(nonzero, slice.nonzero!.data, 1, 0, grid, readings, deep, slice.z, d);
      }
    }
    yield* slices;
  }
}

/** Room for one stored slice. */
const emptyPlanes = (channels: number, height: number, width: number, masked: boolean) => ({
  data: new Float32Array(channels * height * width),
  nonzero: masked ? new Uint8Array(height * width) : null,
});

function emptySlice(grid: Grid, z: number, masked: boolean): Slice {
  const [, height, width] = grid.shape;
  const data = ndarray(new Float32Array(grid.channels * height * width), [grid.channels, height, width]);
  if (!masked) return { grid, z, data };
  return { grid, z, data, nonzero: ndarray(new Uint8Array(height * width), [height, width]) };
}

type Plane = Float32Array | Uint8Array;

/** One stored slice to one slice of the grid. */
function copyPlanes(
  source: Plane,
  target: Plane,
  channels: number,
  sourcePlane: number,
  height: number,
  width: number,
  rows: AxisReading,
  columns: AxisReading,
): void {
  let out = 0;
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < height; y++) {
      const row = c * sourcePlane + rows.origin + y * rows.step + columns.origin;
      if (columns.step === 1) {
        target.set(source.subarray(row, row + width), out);
        out += width;
        continue;
      }
      for (let x = 0, at = row; x < width; x++, at += columns.step) target[out++] = source[at];
    }
  }
}

/**
 * The one line that a stored slice, at depth d, gives to slice z of a grid whose axis `deep` runs
 * along the stored slices.
 */
function scatterLine(
  source: Plane,
  target: Plane,
  channels: number,
  sourcePlane: number,
  grid: Grid,
  readings: AxisReadings,
  deep: 1 | 2,
  z: number,
  d: number,
): void {
  const [, height, width] = grid.shape;
  const along = readings[deep === 1 ? 2 : 1];
  const length = deep === 1 ? width : height;
  const outStep = deep === 1 ? 1 : width;
  const outStart = deep === 1 ? d * width : d;
  const start = readings[0].origin + z * readings[0].step + along.origin;
  for (let c = 0; c < channels; c++) {
    let out = c * height * width + outStart;
    let at = c * sourcePlane + start;
    for (let i = 0; i < length; i++, out += outStep, at += along.step) target[out] = source[at];
  }
}
