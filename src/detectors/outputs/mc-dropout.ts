import { sigmoid, softmax } from '../../maths/labels.js';
import type { OutputMethod } from './output-method.js';

export const mcDropout: OutputMethod = {
  name: 'mc-dropout',
  title: 'MC Dropout',
  formula:
    'mean over voxels and foreground classes of the standard deviation (divisor n) of the softmax over passes with dropout',
  source:
    'Gal and Ghahramani, ICML 2016; a row of the paper’s Table 1: dropout of .5 behind every convolution of the encoder, 10 passes, label 1.',
  passes: 'dropout',
  meter({ classes, regions }) {
    const first = regions ? 0 : 1;
    let sum = 0;
    let count = 0;
    return {
      push(passes) {
        const probabilities = passes.map((logits) => {
          const p = logits.slice();
          if (regions) sigmoid(p);
          else softmax(p, classes);
          return p;
        });
        const plane = probabilities[0]!.length / classes;
        for (let i = first * plane; i < classes * plane; i++) {
          const mean = probabilities.reduce((total, p) => total + p[i]!, 0) / passes.length;
          sum += Math.sqrt(probabilities.reduce((total, p) => total + (p[i]! - mean) ** 2, 0) / passes.length);
        }
        count += (classes - first) * plane;
      },
      value: () => sum / count,
    };
  },
};
