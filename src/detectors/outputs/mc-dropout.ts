import { sigmoid, softmax } from '../../maths/volume/labels.js';
import { meanOfMap } from './voxel-mean.js';

export const mcDropout = meanOfMap(
  {
    name: 'mc-dropout',
    title: 'MC Dropout',
    formula:
      'mean over voxels and foreground classes of the standard deviation (divisor n) of the softmax over passes with dropout',
    source:
      'Gal and Ghahramani, ICML 2016; a row of the paper’s Table 1: dropout of .5 behind every convolution of the encoder, 10 passes, label 1.',
    passes: 'dropout',
  },
  (passes, { classes, regions }) => {
    const probabilities = passes.map((logits) => {
      const p = logits.slice();
      if (regions) sigmoid(p);
      else softmax(p, classes);
      return p;
    });
    const plane = probabilities[0].length / classes;
    const first = regions ? 0 : 1;
    const out = new Float64Array(plane);
    for (let at = first * plane; at < classes * plane; at++) {
      let sum = 0;
      for (const p of probabilities) sum += p[at];
      const mean = sum / passes.length;
      let squares = 0;
      for (const p of probabilities) squares += (p[at] - mean) ** 2;
      out[at % plane] += Math.sqrt(squares / passes.length) / (classes - first);
    }
    return out;
  },
);
