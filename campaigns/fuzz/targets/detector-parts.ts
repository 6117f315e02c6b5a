import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { calibrate } from '../../../src/detectors/calibration.js';
import type { Tensor } from '../../../src/detectors/safetensors.js';
import type { DetectorParts } from '../../../src/detectors/saved.js';
import { sha256 } from '../../../src/files/hash.js';
import { cutAtTap } from '../../../src/network/onnx/cut.js';
import { parseModel } from '../../../src/network/onnx/parse.js';
import { suggestTap } from '../../../src/network/taps.js';
import type { Plan } from '../../../src/plan.js';

const fixture = (path: string) =>
  readFileSync(fileURLToPath(new URL(`../../../test/fixtures/${path}`, import.meta.url)));

/** A whole network of 24 kB that takes patches of 8 x 16 x 16. */
export const network = new Uint8Array(fixture('models/unet-nearest.onnx'));
const tap = suggestTap(parseModel(network).graph)!;
export const encoder = cutAtTap(network, tap);

export const plan: Plan = {
  configuration: '3d_fullres',
  patchSize: [8, 16, 16],
  spacing: [2, 1, 1],
  transposeForward: [0, 1, 2],
  order: 'normalise-first',
  reader: 'as-stored',
  cropToNonzero: false,
  channels: [
    {
      name: 'CT',
      scheme: 'CTNormalization',
      useNonzeroMask: false,
      intensity: { mean: 100, std: 500, percentile005: -1000, percentile995: 1500 },
    },
  ],
  resampling: { order: 3, orderZ: 0, forceSeparateZ: null },
};

const hash = '0'.repeat(64);
const facts = {
  formatVersion: 1,
  createdBy: 'segcanary fuzz',
  plan,

  calibration: calibrate(Array.from({ length: 20 }, (_, i) => ({ case: `case ${i}`, score: 10 + i }))),
} as const;

const tensor = (shape: readonly number[], value: (i: number) => number): Tensor => ({
  shape,
  data: Float64Array.from({ length: shape.reduce((a, n) => a * n, 1) }, (_, i) => value(i)),
});

/**
 * Valid detectors of every kind, small enough to be written thousands of times.
 *
 * @param shape of the tapped activation, [c, z, y, x]
 */
export function detectorParts(shape: readonly number[]): DetectorParts[] {
  const calibration = { ...facts.calibration, cases: [...facts.calibration.cases] };
  const common = { ...facts, calibration, trainingScans: [hash], warnings: [] };
  const [channels] = shape as [number];
  const d = shape.reduce((a, n) => a * n, 1);
  const features = (method: string, width: number, tensors: Record<string, Tensor>, stages: number | null = null) => ({
    description: {
      ...common,
      kind: 'features' as const,
      stepSize: 0.5,
      tiles: 'all' as const,
      tap: { name: tap, shape: [...shape], suggested: true },
      stages: stages === null ? null : [{ name: tap, channels: stages }],
      pooling: { kind: 'average' as const, maxElements: 10_000 as const, shape: [...shape] },
      method,
      estimator: 'ledoit-wolf' as const,
      shrinkage: 0.1,
      n: method === 'knn' ? 12 : 100,
      d: width,
      rank: 4,
      conditionNumber: 12,
      cases: 1,
      sourceModel: { name: 'model.onnx', sha256: hash },
    },
    encoder,
    tensors,
  });
  const mean = (n: number) => tensor([n], (i) => i / n);
  return [
    features('mahalanobis', d, { mean: mean(d), whitener: tensor([4, d], (i) => (i % 7) - 3) }),
    features('knn', channels, { rows: tensor([12, channels], (i) => (i % 5) / 5) }),
    features('diagonal', d, { mean: mean(d), deviation: tensor([d], () => 1) }),
    features('residual', d, { mean: mean(d), basis: tensor([2, d], (i) => ((i % 3) - 1) / d) }),
    {
      description: {
        ...common,
        kind: 'outputs',
        stepSize: 0.5,
        method: 'max-softmax',
        heads: 2,
        regions: false,
        mirrorAxes: [],
        dropout: 0,
        seed: 1,
        sourceModels: [{ name: 'model.onnx', sha256: sha256(network) }],
      },
      networks: [network],
    },
    {
      description: { ...common, kind: 'intensities', method: 'ihf', cases: 1, d: 150 },
      tensors: { mean: mean(150), whitener: tensor([3, 150], (i) => (i % 3) - 1) },
    },
  ];
}
