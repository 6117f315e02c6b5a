import { type VoxelUncertainty, voxelMean } from './voxel-mean.js';

const notTheLargest: VoxelUncertainty = (p, at, plane, classes) => {
  // Summed rather than taken from 1: the digits of a small rest are kept.
  let sum = 0;
  let largest = 0;
  for (let c = 0; c < classes; c++) {
    const value = p[at + c * plane];
    sum += Math.min(value, largest);
    largest = Math.max(value, largest);
  }
  return sum;
};

export const maxSoftmax = voxelMean(
  {
    name: 'max-softmax',
    title: 'Max. Softmax',
    formula: '1 - mean over voxels of the largest softmax',
    source: 'Hendrycks and Gimpel, ICLR 2017; a row of the paper’s Table 1.',
  },
  notTheLargest,
);

/** The largest softmax of softened logits, one method a temperature of Table 1. */
export const temperatureScaling = [10, 100, 1000].map((t) =>
  voxelMean(
    {
      name: `temperature-${t}`,
      title: `Temp. Scaling T = ${t}`,
      formula: `1 - mean over voxels of the largest softmax(logits / ${t})`,
      source:
        'Guo et al., ICML 2017; a row of the paper’s Table 1. The release takes means in float16, which is not followed.',
    },
    notTheLargest,
    t,
  ),
);
