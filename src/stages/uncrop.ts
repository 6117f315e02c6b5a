import ndarray from 'ndarray';
import type { Grid, LabelSlice, Tiling } from '../chunks.js';
import { TempFile } from '../files/temp-file.js';
import { BoxPlacement, keepsSliceOrder, unboxedSlices } from '../maths/volume/box-placement.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { SliceOrder } from './slice-order.js';
import { type Stage, stage } from './stage.js';

export interface UncropOptions {
  /**
   * Folder for the temporary file that turned axes need; a tmpfs would be memory.
   * @default the system's folder for temporary files
   */
  readonly tmpdir?: string;
}

type Labels = Uint8Array | Uint16Array;

/**
 * Labels of the crop box to labels of the whole scan on the scanner's own grid: 0 outside the box,
 * axes turned back.
 *
 * Where the plan left the slice axis in place it holds one slice. Where it moved the slice axis or
 * runs it backwards, the labels (one or two bytes a voxel) go through a temporary file first.
 *
 * @throws SegcanaryError `truncated` when the input ends before the box does, `io` where the folder
 *   has no room
 */
export function uncrop(options: UncropOptions = {}): Stage<LabelSlice, LabelSlice> {
  let from: Grid | null = null;
  let to: Grid | null = null;
  let file: TempFile | null = null;
  let placement: BoxPlacement | null = null;
  let make: (length: number) => Labels = (length) => new Uint8Array(length);
  let tiling: Tiling | null = null;
  const order = new SliceOrder('uncrop');

  const emptyPlane = () => make(from!.scan.shape[1] * from!.scan.shape[2]);
  const emit = (z: number, labels: Labels): LabelSlice => {
    const [, height, width] = to!.shape;
    return { grid: to!, tiling: tiling!, z, data: ndarray(labels, [height, width]) };
  };
  function* empty(start: number, stop: number): Generator<LabelSlice> {
    for (let z = start; z < stop; z++) yield emit(z, emptyPlane());
  }

  return stage<LabelSlice, LabelSlice>(
    { name: 'uncrop' },
    {
      async *transform(slice) {
        const { grid, z, data } = slice;
        const labels = contiguous(data);
        order.take(slice);
        if (from === null) {
          from = grid;
          to = scanGrid(grid);
          tiling = slice.tiling;
          if (labels instanceof Uint16Array) make = (length) => new Uint16Array(length);
          if (!keepsSliceOrder(grid)) file = TempFile.open(options.tmpdir, grid.scan.case);
          else {
            placement = new BoxPlacement(grid);
            yield* empty(0, grid.box.start[0]);
          }
        }
        if (file) {
          await file.append(labels);
          return;
        }
        const out = emptyPlane();
        placement!.put(labels, z, [out], z + grid.box.start[0]);
        yield emit(z + grid.box.start[0], out);
      },
      async *flush(signal) {
        if (from === null) return;
        order.end();
        if (!file) {
          yield* empty(from.box.stop[0], from.scan.shape[0]);
          return;
        }
        const stored = make(from.shape[1] * from.shape[2]);
        const read = (d: number, slice: Labels) => {
          signal.throwIfAborted();
          return file!.read(slice, d * slice.byteLength);
        };
        let z = 0;
        for await (const labels of unboxedSlices(from, read, emptyPlane, stored)) yield emit(z++, labels);
      },
      async close() {
        await file?.close();
        file = null;
      },
    },
  );
}

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
