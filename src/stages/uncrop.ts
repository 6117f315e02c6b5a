import ndarray from 'ndarray';
import type { Grid, LabelSlice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/contiguous.js';
import { type Stage, stage } from './stage.js';
import { TempFile } from './temp-file.js';

export interface UncropOptions {
  /** Folder for the temporary file that turned axes need; a tmpfs would be memory. @default the system's folder for temporary files */
  readonly tmpdir?: string;
}

/**
 * Labels of the crop box to labels of the whole scan on the scanner's own grid: 0 outside the box, axes turned back.
 *
 * Where the plan left the slice axis in place it holds one slice. Where it moved the slice axis or runs it backwards, the labels (one or two bytes a voxel)
 * go through a temporary file first.
 *
 * @throws SegcanaryError `truncated` when the input ends before the box does, `io` where the folder has no room
 */
export function uncrop(options: UncropOptions = {}): Stage<LabelSlice, LabelSlice> {
  let from: Grid | null = null;
  let file: TempFile | null = null;
  let next = 0;
  let wide = false;

  return stage<LabelSlice, LabelSlice>(
    { name: 'uncrop' },
    {
      async *transform(slice) {
        if (from === null) {
          from = slice.grid;
          wide = slice.data.data instanceof Uint16Array;
          if (!inOrder(from)) file = TempFile.open(options.tmpdir, from.scan.case);
          else for (let z = 0; z < from.box.start[0]; z++) yield emptySlice(from, z, wide);
        }
        const data = contiguous(slice.data);
        next++;
        if (file) await file.append(data);
        else yield placed(from, slice.z, data);
      },
      async *flush(signal) {
        if (from === null) return;
        if (next !== from.shape[0])
          throw new SegcanaryError(
            'truncated',
            `${from.scan.case}: only ${next} of ${from.shape[0]} slices reached the uncrop stage.`,
          );
        if (file) yield* turnBack(from, file, wide, signal);
        else for (let z = from.box.stop[0]; z < from.scan.shape[0]; z++) yield emptySlice(from, z, wide);
      },
      async close() {
        await file?.close();
        file = null;
      },
    },
  );
}

type Labels = Uint8Array | Uint16Array;

/** Whether slices of the grid are slices of the scan, in the same order. */
const inOrder = (grid: Grid): boolean => grid.axes[0] === 0 && !grid.flipped[0];

const newLabels = (length: number, wide: boolean): Labels => (wide ? new Uint16Array(length) : new Uint8Array(length));

/** The scanner's own grid. */
function scanGrid({ scan, channels }: Grid): Grid {
  return {
    scan,
    channels,
    shape: scan.shape,
    spacing: scan.spacing,
    axes: [0, 1, 2],
    flipped: [false, false, false],
    box: { start: [0, 0, 0], stop: scan.shape },
    separateAxis: null,
  };
}

function slice(grid: Grid, z: number, labels: Labels): LabelSlice {
  const [, height, width] = grid.scan.shape;
  return { grid: scanGrid(grid), z, data: ndarray(labels, [height, width]) as LabelSlice['data'] };
}

const emptySlice = (grid: Grid, z: number, wide: boolean): LabelSlice =>
  slice(grid, z, newLabels(grid.scan.shape[1] * grid.scan.shape[2], wide));

/** A slice of the box in its place in the slice of the scan. */
function placed(grid: Grid, z: number, data: Labels): LabelSlice {
  const plane = grid.scan.shape[1] * grid.scan.shape[2];
  const out = newLabels(plane, data instanceof Uint16Array);
  const at = z + grid.box.start[0];
  scatter(data, [out], at, plane, grid.shape, walksOf(grid), z);
  return slice(grid, at, out);
}

/** Bytes of the scan's slices that are put together at a time. */
const blockBytes = 64 * 2 ** 20;

/** The slices of the scan from a file of slices of the box. The file is read once for each 64 MiB of output. */
async function* turnBack(grid: Grid, file: TempFile, wide: boolean, signal: AbortSignal): AsyncGenerator<LabelSlice> {
  const { scan, shape } = grid;
  const [, height, width] = scan.shape;
  const stored = newLabels(shape[1] * shape[2], wide);
  const block = Math.max(1, Math.floor(blockBytes / (height * width * stored.BYTES_PER_ELEMENT)));
  const walks = walksOf(grid);
  for (let first = 0; first < scan.shape[0]; first += block) {
    const count = Math.min(block, scan.shape[0] - first);
    const out = Array.from({ length: count }, () => newLabels(height * width, wide));
    for (let d = 0; d < shape[0]; d++) {
      signal.throwIfAborted();
      await file.read(stored, d * stored.byteLength);
      scatter(stored, out, first, height * width, shape, walks, d);
    }
    for (let b = 0; b < count; b++) yield slice(grid, first + b, out[b]!);
  }
}

interface Walk {
  readonly step: number;
  readonly start: number;
}

/** Where each axis of the grid starts and goes among the voxels of the scan. */
function walksOf({ scan, axes, flipped, box }: Grid): [Walk, Walk, Walk] {
  const step = [scan.shape[1] * scan.shape[2], scan.shape[2], 1];
  const along = (i: 0 | 1 | 2): Walk => {
    const axis = axes[i];
    const first = flipped[i] ? scan.shape[axis]! - 1 - box.start[i] : box.start[i];
    return { step: (flipped[i] ? -1 : 1) * step[axis]!, start: first * step[axis]! };
  };
  return [along(0), along(1), along(2)];
}

/** What one slice of the box, at depth d, gives to a run of slices of the scan that starts at `first`. */
function scatter(
  stored: Labels,
  out: readonly Labels[],
  first: number,
  plane: number,
  shape: readonly number[],
  [deep, rows, columns]: readonly [Walk, Walk, Walk],
  d: number,
): void {
  const low = first * plane;
  const high = low + out.length * plane;
  for (let y = 0, i = 0; y < shape[1]!; y++) {
    let at = deep.start + d * deep.step + rows.start + y * rows.step + columns.start;
    for (let x = 0; x < shape[2]!; x++, i++, at += columns.step) {
      if (at >= low && at < high) out[Math.floor((at - low) / plane)]![(at - low) % plane] = stored[i]!;
    }
  }
}
