import ndarray from 'ndarray';
import type { LogitSlice } from '../chunks.js';
import type { OutputMeter } from '../detectors/outputs/output-method.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { type PredictedRegion, predictedRegion } from '../maths/volume/predicted-region.js';
import { type Stage, stage } from './stage.js';

/** A meter, and which of the passes it reads. */
export interface Reading {
  readonly meter: OutputMeter;
  readonly passes: readonly number[];
}

export interface ReadOutputsOptions {
  readonly readings: readonly Reading[];
  /** Logits of a voxel and pass. */
  readonly heads: number;
  /** Whether they are regions. @default false */
  readonly regions?: boolean;
  /** Told what the plain pass predicts, slice by slice. */
  readonly onRegion?: (slice: LogitSlice, predicted: PredictedRegion) => void;
}

/**
 * Shows every slice of logits [pass * head, y, x] to meters and hands the first pass on: the plain
 * one. Put it behind `assemble`.
 */
export function readOutputs({
  readings,
  heads,
  regions = false,
  onRegion,
}: ReadOutputsOptions): Stage<LogitSlice, LogitSlice> {
  return stage<LogitSlice, LogitSlice>(
    { name: 'read-outputs' },
    {
      *transform(slice) {
        const { data } = slice;
        const [, height, width] = data.shape as [number, number, number];
        const all = contiguous(data);
        const size = heads * height * width;
        const pass = (p: number) => all.subarray(p * size, (p + 1) * size);
        const predicted = predictedRegion(pass(0), heads, width, regions);
        onRegion?.(slice, predicted);
        for (const { meter, passes } of readings) meter.push(passes.map(pass), predicted);
        yield { ...slice, data: ndarray(pass(0), [heads, height, width]) };
      },
    },
  );
}
