import { meanOfMap } from './voxel-mean.js';

export const energy = meanOfMap(
  {
    name: 'energy',
    title: 'Energy',
    formula: 'mean over voxels of -ln sum exp(logits); of a region, the other side has the logit 0. May be negative',
    source: 'Liu et al., NeurIPS 2020.',
    passes: 'plain',
  },
  ([logits], { classes, regions }) => {
    const plane = logits.length / classes;
    const out = new Float64Array(plane);
    for (let i = 0; i < plane; i++) {
      if (regions) {
        for (let at = i; at < logits.length; at += plane)
          out[i] -= (Math.max(logits[at], 0) + Math.log1p(Math.exp(-Math.abs(logits[at])))) / classes;
        continue;
      }
      let high = Number.NEGATIVE_INFINITY;
      for (let at = i; at < logits.length; at += plane) high = Math.max(high, logits[at]);
      let exponentials = 0;
      for (let at = i; at < logits.length; at += plane) exponentials += Math.exp(logits[at] - high);
      out[i] = -(high + Math.log(exponentials));
    }
    return out;
  },
);
