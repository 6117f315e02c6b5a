import type { OutputMethod } from './output-method.js';

export const energy: OutputMethod = {
  name: 'energy',
  title: 'Energy',
  formula: 'mean over voxels of -ln sum exp(logits); of a region, the other side has the logit 0. May be negative',
  source: 'Liu et al., NeurIPS 2020.',
  passes: 'plain',
  meter({ classes, regions }) {
    let sum = 0;
    let count = 0;
    return {
      push([logits]) {
        const plane = logits!.length / classes;
        if (regions) {
          for (const l of logits!) sum -= Math.max(l, 0) + Math.log1p(Math.exp(-Math.abs(l)));
          count += logits!.length;
          return;
        }
        for (let i = 0; i < plane; i++) {
          let high = Number.NEGATIVE_INFINITY;
          for (let at = i; at < logits!.length; at += plane) high = Math.max(high, logits![at]!);
          let exponentials = 0;
          for (let at = i; at < logits!.length; at += plane) exponentials += Math.exp(logits![at]! - high);
          sum -= high + Math.log(exponentials);
        }
        count += plane;
      },
      value: () => sum / count,
    };
  },
};
