import { energy } from './energy.js';
import { klFromUniform, predictiveEntropy } from './entropy.js';
import { maxSoftmax, temperatureScaling } from './max-softmax.js';
import { mcDropout } from './mc-dropout.js';
import type { OutputMethod } from './output-method.js';
import { pairwiseDiceDropout, pairwiseDiceFolds, pairwiseDiceMirrors } from './pairwise-dice.js';

/** Every method that judges a scan by what the network says. */
export const OUTPUT_METHODS: readonly OutputMethod[] = [
  maxSoftmax,
  ...temperatureScaling,
  klFromUniform,
  mcDropout,
  predictiveEntropy,
  energy,
  pairwiseDiceMirrors,
  pairwiseDiceDropout,
  pairwiseDiceFolds,
];
