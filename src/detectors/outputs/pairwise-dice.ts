import { argmaxLabels } from '../../maths/volume/labels.js';
import type { Passes } from '../../network/sampler.js';
import type { OutputMethod } from './output-method.js';

const names: Readonly<Record<Exclude<Passes, 'plain'>, string>> = {
  mirrors: 'mirrored passes',
  dropout: 'passes with dropout',
  folds: 'folds',
};

/**
 * 1 - the mean Dice between the segmentations of every two passes, over foreground labels (or
 * regions); two empty ones agree.
 */
function pairwiseDice(passes: Exclude<Passes, 'plain'>): OutputMethod {
  return {
    name: `pairwise-dice-${passes}`,
    title: `Pairwise Dice, ${passes}`,
    formula: `1 - mean Dice between the segmentations of every two ${names[passes]}, over foreground labels; two empty ones count 1`,
    source: 'Roy et al., NeuroImage 2019; Zenk et al., Medical Image Analysis 2025: best in four of five tasks.',
    passes,
    meter({ classes, regions }) {
      const labels = regions ? classes : classes - 1;
      let both = new Float64Array(0);
      let sizes = new Float64Array(0);
      let count = 0;
      return {
        push(logits) {
          count = logits.length;
          if (both.length === 0) {
            both = new Float64Array(count * count * labels);
            sizes = new Float64Array(count * labels);
          }
          const inside = logits.map((l) => (regions ? regionMasks(l) : labelMasks(l, classes)));
          const plane = logits[0].length / classes;
          for (let label = 0; label < labels; label++) {
            for (let a = 0; a < count; a++) {
              for (let i = label * plane; i < (label + 1) * plane; i++) {
                if (inside[a][i] === 0) continue;
                sizes[a * labels + label]++;
                for (let b = a + 1; b < count; b++) both[(a * count + b) * labels + label] += inside[b][i];
              }
            }
          }
        },
        values() {
          let sum = 0;
          for (let a = 0; a < count; a++) {
            for (let b = a + 1; b < count; b++) {
              for (let label = 0; label < labels; label++) {
                const total = sizes[a * labels + label] + sizes[b * labels + label];
                sum += total === 0 ? 1 : (2 * both[(a * count + b) * labels + label]) / total;
              }
            }
          }
          return { mean: 1 - sum / (labels * (count * (count - 1)) * 0.5) };
        },
      };
    },
  };
}

/** [region, y, x]: 1 where the logit is positive. */
const regionMasks = (logits: Float32Array): Uint8Array => Uint8Array.from(logits, (l) => (l > 0 ? 1 : 0));

/** [foreground label, y, x]: 1 where the label has the largest logit. */
function labelMasks(logits: Float32Array, classes: number): Uint8Array {
  const plane = logits.length / classes;
  const best = argmaxLabels(logits, new Uint16Array(plane));
  const masks = new Uint8Array((classes - 1) * plane);
  best.forEach((label, i) => {
    if (label > 0) masks[(label - 1) * plane + i] = 1;
  });
  return masks;
}

export const pairwiseDiceMirrors = pairwiseDice('mirrors');
export const pairwiseDiceDropout = pairwiseDice('dropout');
export const pairwiseDiceFolds = pairwiseDice('folds');
