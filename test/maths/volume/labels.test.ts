import { describe, expect, it } from 'vitest';
import { argmaxLabels, regionLabels, sigmoid, softmax } from '../../../src/maths/volume/labels.js';

describe('labels of a slice of logits', () => {
  it('are the class with the largest logit, the first of equal ones, as numpy.argmax', () => {
    // Four voxels, three classes.
    const logits = Float32Array.of(1, 5, -3, 2, 2, 5, -2, 2, 3, 4, -1, 2);
    expect([...argmaxLabels(logits, new Uint8Array(4))]).toEqual([2, 0, 2, 0]);
  });

  it('write what they overwrite anew', () => {
    expect([...argmaxLabels(Float32Array.of(1, 0), Uint8Array.of(9))]).toEqual([0]);
    expect([...regionLabels(Float32Array.of(-1), [4], Uint8Array.of(9))]).toEqual([0]);
  });

  it('are regions where their sigmoid is above a half, later ones over earlier ones', () => {
    // Four voxels, two regions: the whole organ (label 1), the tumour in it (label 2).
    const logits = Float32Array.of(-1, 2, 3, 0, -1, -2, 0.1, 4);
    expect([...regionLabels(logits, [1, 2], new Uint8Array(4))]).toEqual([0, 1, 2, 2]);
    expect([...regionLabels(logits, [2, 1], new Uint16Array(4))]).toEqual([0, 2, 1, 1]);
  });

  it('are no region at the threshold itself, as numpy has p > .5', () => {
    expect([...regionLabels(Float32Array.of(0, 0.5, 1), [1], new Uint8Array(3), 0.5)]).toEqual([0, 0, 1]);
    expect([...regionLabels(Float32Array.of(0, 0.5), [1], new Uint8Array(2))]).toEqual([0, 1]);
  });

  it('come from probabilities that sum to 1 over the classes of a voxel, however large the logits', () => {
    // Two voxels, three classes: exp(0), exp(ln 2), exp(ln 5) over 8, and the same 1000 higher.
    const logits = Float32Array.of(0, 1000, Math.log(2), 1000 + Math.log(2), Math.log(5), 1000 + Math.log(5));
    softmax(logits, 3);
    for (const [i, p] of [1, 1, 2, 2, 5, 5].entries()) expect(logits[i]).toBeCloseTo(p / 8, 4);
    const regions = Float32Array.of(0, Math.log(3), -Math.log(3), -1000);
    sigmoid(regions);
    for (const [i, p] of [0.5, 0.75, 0.25, 0].entries()) expect(regions[i]).toBeCloseTo(p, 6);
  });
});
