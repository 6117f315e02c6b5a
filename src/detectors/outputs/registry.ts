import { energy } from './energy.js';
import { klFromUniform, predictiveEntropy } from './entropy.js';
import { maxSoftmax, temperatureScaling } from './max-softmax.js';
import { mcDropout } from './mc-dropout.js';
import type { OutputMethod } from './output-method.js';
import { pairwiseDiceDropout, pairwiseDiceFolds, pairwiseDiceMirrors } from './pairwise-dice.js';

/** Passes with dropout: the paper's. */
export const DROPOUT_PASSES = 10;

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

export const OUTPUT_METHOD_NAMES: readonly string[] = OUTPUT_METHODS.map(({ name }) => name);

/** A method by its name; undefined where there is none. */
export const outputMethod = (name: string): OutputMethod | undefined => OUTPUT_METHODS.find((m) => m.name === name);
