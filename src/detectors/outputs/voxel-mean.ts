import { sigmoid, softmax } from '../../maths/labels.js';
import type { OutputMeter, OutputMethod } from './output-method.js';

/** Uncertainty of one voxel from the probabilities of its classes, read at `at`, `at + plane`, …. */
export type VoxelUncertainty = (probabilities: Float32Array, at: number, plane: number, classes: number) => number;

/**
 * A method that is the mean over all voxels of an uncertainty of the softmax of logits / T. Where the outputs are regions, each is taken for two classes
 * (sigmoid, and what is left) and the regions are averaged.
 */
export function voxelMean(
  info: Pick<OutputMethod, 'name' | 'title' | 'formula' | 'source'>,
  uncertainty: VoxelUncertainty,
  temperature = 1,
): OutputMethod {
  return {
    ...info,
    passes: 'plain',
    meter({ classes, regions }): OutputMeter {
      let sum = 0;
      let count = 0;
      return {
        push([logits]) {
          const plane = logits!.length / classes;
          const scaled = logits!.map((l) => l / temperature);
          if (regions) {
            sigmoid(scaled);
            const two = new Float32Array(2 * plane);
            for (let r = 0; r < classes; r++) {
              for (let i = 0; i < plane; i++) {
                two[i + plane] = scaled[r * plane + i]!;
                two[i] = 1 - two[i + plane]!;
              }
              for (let i = 0; i < plane; i++) sum += uncertainty(two, i, plane, 2);
            }
            count += classes * plane;
            return;
          }
          softmax(scaled, classes);
          for (let i = 0; i < plane; i++) sum += uncertainty(scaled, i, plane, classes);
          count += plane;
        },
        value: () => sum / count,
      };
    },
  };
}
