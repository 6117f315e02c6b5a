import { describe, expect, it } from 'vitest';
import {
  type LabelConfidence,
  SoftConfidence,
  type SoftConfidenceOptions,
} from '../../../src/maths/volume/soft-confidence.js';
import { qualityFixture } from '../../support/quality.js';

const { shape, temperatures, logits, classes, regions } = qualityFixture.confidence;
const [depth, height, width] = shape;
const plane = height * width;

/** The planes of a volume [head, z, y, x], each [head, y, x]. */
function measured(options: Omit<SoftConfidenceOptions, 'temperatures'>, values: readonly number[]): LabelConfidence[] {
  const meter = new SoftConfidence({ ...options, temperatures });
  for (let z = 0; z < depth; z++) {
    const heads = Array.from({ length: options.heads }, (_, h) =>
      values.slice((h * depth + z) * plane, (h * depth + z + 1) * plane),
    );
    meter.push(Float32Array.from(heads.flat()), [height, width]);
  }
  return meter.result();
}

const close = (labels: typeof classes) =>
  labels.map(({ voxels, confidence, entropy }) => ({
    voxels,
    confidence: confidence.map((c) => expect.closeTo(c, 6)),
    entropy: entropy.map((e) => expect.closeTo(e, 6)),
  }));

describe('SoftConfidence', () => {
  const ofClasses = { heads: 3, regions: false, probabilities: false, labels: [1, 2] };
  const ofRegions = { heads: 3, regions: true, probabilities: false, labels: [0, 1, 2] };

  it('is the definition’s, of classes', () => {
    expect(measured(ofClasses, logits)).toEqual(close(classes));
  });

  it('is the definition’s, of regions that overlap', () => {
    expect(measured(ofRegions, logits)).toEqual(close(regions));
  });

  it('takes probabilities for the logits that they are of', () => {
    const size = logits.length / 3;
    const exps = logits.map((l) => Math.exp(l));
    const softmax = exps.map((e, i) => e / (exps[i % size] + exps[(i % size) + size] + exps[(i % size) + 2 * size]));
    const found = measured({ ...ofClasses, probabilities: true }, softmax);
    found.forEach(({ voxels, confidence }, k) => {
      expect(voxels).toBe(classes[k].voxels);
      expect(confidence).toEqual(classes[k].confidence.map((c) => expect.closeTo(c, 4)));
    });
  });

  it('of nothing predicted is no confidence and all entropy', () => {
    const nothing = logits.map((_, i) => (i < logits.length / 3 ? 9 : -9));
    expect(measured(ofClasses, nothing)).toEqual(
      [1, 2].map(() => ({ voxels: 0, confidence: [0, 0], entropy: [1, 1] })),
    );
  });

  it('of a label without an inside has the entropy of all its voxels', () => {
    const one = logits.map((_, i) =>
      i === logits.length / 3 + plane + width + 1 ? 5 : i < logits.length / 3 ? 2 : -9,
    );
    const [{ voxels, entropy }] = measured(ofClasses, one);
    const p = 1 / (1 + Math.exp(-3) + Math.exp(-14));
    const [q, r] = [p * Math.exp(-3), p * Math.exp(-14)];
    expect(voxels).toBe(1);
    expect(entropy[0]).toBeLessThan(entropy[1]);
    const at1 = -(p * Math.log(p) + q * Math.log(q) + r * Math.log(r)) / Math.log(3);
    expect(at1).toBeGreaterThan(entropy[0]);
    expect(at1).toBeLessThan(entropy[1]);
  });
});
