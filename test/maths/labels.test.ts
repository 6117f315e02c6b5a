import { describe, expect, it } from 'vitest';
import { argmaxLabels, regionLabels } from '../../src/maths/labels.js';

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
});
