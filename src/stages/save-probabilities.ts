import type { Writable } from 'node:stream';
import type { Grid, LogitSlice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { TempFile } from '../files/temp-file.js';
import { createVolumeWriter } from '../formats/write.js';
import { unboxedSlices } from '../maths/volume/box-placement.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { sigmoid, softmax } from '../maths/volume/labels.js';
import type { SegmentationPlan } from '../plan.js';
import { type Stage, stage } from './stage.js';

export interface SaveProbabilitiesOptions {
  /** A path that ends in `.nii` or `.nii.gz`, or a stream, which gets gzip and is ended. */
  readonly to: string | Writable;
  readonly segmentation: Pick<SegmentationPlan, 'regionsClassOrder' | 'averages'>;
  /**
   * Folder for the temporary file: 4 bytes a voxel and class.
   * @default the system's folder for temporary files
   */
  readonly tmpdir?: string | undefined;
}

/**
 * Passes slices of logits on (put it behind `restore`) and writes the probabilities to a float32
 * NIfTI file of four dimensions in the geometry of the source scan: softmax over the classes, or
 * the sigmoid of every region. A file holds one class after another while the stream holds one
 * slice after another, so they go through a temporary file. Outside the crop box the background has
 * probability 1, and regions have 0, as in nnU-Net.
 *
 * @throws SegcanaryError `io`, `usage` for a path of another ending, `truncated` when the input
 *   ends before the box does
 */
export function saveProbabilities(options: SaveProbabilitiesOptions): Stage<LogitSlice, LogitSlice> {
  const { to, segmentation, tmpdir } = options;
  const regions = segmentation.regionsClassOrder !== null;
  let grid: Grid | null = null;
  let file: TempFile | null = null;
  let classes = 0;
  let next = 0;
  return stage<LogitSlice, LogitSlice>(
    { name: 'save-probabilities' },
    {
      async *transform(slice) {
        if (grid === null) {
          grid = slice.grid;
          classes = slice.data.shape[0];
          file = TempFile.open(tmpdir, grid.scan.case);
        }
        const values = contiguous(slice.data).slice();
        if (segmentation.averages === 'logits' && regions) sigmoid(values);
        else if (segmentation.averages === 'logits') softmax(values, classes);
        const plane = values.length / classes;
        for (let c = 0; c < classes; c++) {
          await file!.write(values.subarray(c * plane, (c + 1) * plane), 4 * plane * (c * grid.shape[0] + slice.z));
        }
        next++;
        yield slice;
      },
      async *flush(signal) {
        if (grid === null || file === null || next !== grid.shape[0]) {
          const name = grid?.scan.case ?? (typeof to === 'string' ? to : 'the probabilities');
          throw new SegcanaryError(
            'truncated',
            `only ${next} slices of logits came, so no probabilities were written.`,
            { subject: name },
          );
        }
        await write(grid, file, signal);
        yield* [];
      },
      async close() {
        await file?.close();
        file = null;
      },
    },
  );

  async function write(from: Grid, stored: TempFile, signal: AbortSignal): Promise<void> {
    const { scan, shape } = from;
    const writer = await createVolumeWriter(to, {
      scan,
      volumes: classes,
      dataType: 'float32',
      content: 'probabilities',
    });
    try {
      for (let c = 0; c < classes; c++) {
        const outside = !regions && c === 0 ? 1 : 0;
        const read = (d: number, slice: Float32Array) => {
          signal.throwIfAborted();
          return stored.read(slice, slice.byteLength * (c * shape[0] + d));
        };
        const make = () => new Float32Array(scan.shape[1] * scan.shape[2]).fill(outside);
        for await (const plane of unboxedSlices(from, read, make, new Float32Array(shape[1] * shape[2])))
          await writer.write(plane);
      }
      await writer.commit();
    } finally {
      await writer.discard();
    }
  }
}
