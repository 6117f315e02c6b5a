import { sigmoid, softmax } from '../../maths/volume/labels.js';
import type { OutputContext, OutputMeter, OutputMethod, VoxelSet } from './output-method.js';

type Info = Pick<OutputMethod, 'name' | 'title' | 'formula' | 'source'>;

/** Uncertainty of every voxel of a slice, [y, x], from the logits of the passes. */
export type UncertaintyMap = (passes: readonly Float32Array[], context: OutputContext) => Float64Array;

/**
 * A method that is the mean of a map over voxels: all of them, or those that are predicted as
 * foreground.
 */
export function meanOfMap(info: Info & Pick<OutputMethod, 'passes'>, map: UncertaintyMap): OutputMethod {
  return {
    ...info,
    meter(context): OutputMeter {
      const sums: Record<VoxelSet, number> = { mean: 0, foreground: 0, interior: 0 };
      const counts: Record<VoxelSet, number> = { mean: 0, foreground: 0, interior: 0 };
      return {
        push(passes, { foreground, interior }) {
          const values = map(passes, context);
          for (let i = 0; i < values.length; i++) {
            const value = values[i];
            sums.mean += value;
            if (foreground[i] === 0) continue;
            sums.foreground += value;
            counts.foreground++;
            if (interior[i] === 0) continue;
            sums.interior += value;
            counts.interior++;
          }
          counts.mean += values.length;
        },
        values() {
          // A scan without such voxels is judged by the next larger set.
          const mean = sums.mean / counts.mean;
          const foreground = counts.foreground > 0 ? sums.foreground / counts.foreground : mean;
          return { mean, foreground, interior: counts.interior > 0 ? sums.interior / counts.interior : foreground };
        },
      };
    },
  };
}

/**
 * Uncertainty of one voxel from the probabilities of its classes, read at `at`, `at + plane`, ….
 */
export type VoxelUncertainty = (probabilities: Float32Array, at: number, plane: number, classes: number) => number;

/**
 * A method that is the mean over voxels of an uncertainty of the softmax of logits / T. Where the
 * outputs are regions, each is taken for two classes (sigmoid, and what is left) and the regions
 * are averaged.
 */
export function voxelMean(info: Info, uncertainty: VoxelUncertainty, temperature = 1): OutputMethod {
  return meanOfMap({ ...info, passes: 'plain' }, ([logits], { classes, regions }) => {
    const plane = logits.length / classes;
    const scaled = logits.map((l) => l / temperature);
    const out = new Float64Array(plane);
    if (!regions) {
      softmax(scaled, classes);
      for (let i = 0; i < plane; i++) out[i] = uncertainty(scaled, i, plane, classes);
      return out;
    }
    sigmoid(scaled);
    const two = new Float32Array(2 * plane);
    for (let r = 0; r < classes; r++) {
      for (let i = 0; i < plane; i++) {
        two[i + plane] = scaled[r * plane + i];
        two[i] = 1 - two[i + plane];
      }
      for (let i = 0; i < plane; i++) out[i] += uncertainty(two, i, plane, 2) / classes;
    }
    return out;
  });
}
