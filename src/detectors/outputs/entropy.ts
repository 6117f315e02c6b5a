import { type VoxelUncertainty, voxelMean } from './voxel-mean.js';

/** In nats; 0 log 0 = 0. */
const entropyOf: VoxelUncertainty = (p, at, plane, classes) => {
  let sum = 0;
  for (let c = 0; c < classes; c++) {
    const value = p[at + c * plane];
    if (value > 0) sum -= value * Math.log(value);
  }
  return sum;
};

export const predictiveEntropy = voxelMean(
  {
    name: 'entropy',
    title: 'Predictive entropy',
    formula: 'mean over voxels of -sum p ln p',
    source: 'Zenk et al., Medical Image Analysis 2025.',
  },
  entropyOf,
);

export const klFromUniform = voxelMean(
  {
    name: 'kl-from-uniform',
    title: 'KL from Uniform',
    formula:
      '1 - mean over voxels of KL(p || uniform) / log2 C, in [0, 1]: for C classes that is the entropy over ln C, so the order is the entropy’s',
    source:
      'Hendrycks et al., ICLR 2019; a row of the paper’s Table 1. The release lifts p <= 0 to 1e-4, which is not followed.',
  },
  (p, at, plane, classes) => entropyOf(p, at, plane, classes) / Math.log(classes),
);
