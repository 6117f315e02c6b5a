import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { calibrate } from '../../src/detectors/calibration.js';
import { fitChannelGroups } from '../../src/detectors/channel-groups.js';
import {
  checkDetectorTarget,
  type FeatureDetectorParts,
  loadDetector,
  loadFeatureDetector,
  saveDetector,
} from '../../src/detectors/saved.js';
import { openBlas } from '../../src/network/inference/blas.js';
import { editDetector, unsealDetector } from '../support/edited-detector.js';

const description: FeatureDetectorParts['description'] = {
  formatVersion: 1,
  kind: 'features',
  createdBy: 'segcanary 0.1.0',
  plan: {
    configuration: '3d_fullres',
    patchSize: [28, 256, 256],
    spacing: [5, 0.74, 0.74],
    transposeForward: [0, 1, 2],
    order: 'normalise-first',
    reader: 'as-stored',
    cropToNonzero: true,
    channels: [
      {
        name: 'CT',
        scheme: 'CTNormalization',
        useNonzeroMask: false,
        intensity: { mean: -300, std: 400, percentile005: -1000, percentile995: 500 },
      },
    ],
    resampling: { order: 3, orderZ: 0, forceSeparateZ: null },
  },
  stepSize: 0.5,
  tiles: 'all' as const,
  tap: { name: 'bottleneck', shape: [3, 1, 1, 1], suggested: true },
  stages: null,
  pooling: { kind: 'average', maxElements: 10000, shape: [3, 1, 1, 1] },
  method: 'mahalanobis',
  estimator: 'ledoit-wolf',
  shrinkage: 0.1,
  n: 100,
  d: 3,
  rank: 3,
  conditionNumber: 12.5,
  cases: 1,
  trainingScans: ['1'.repeat(64)],
  warnings: [{ code: 'few-patches', message: 'Few.' }],
  sourceModel: { name: 'model.onnx', sha256: '0'.repeat(64) },
  calibration: null,
};
const parts: FeatureDetectorParts = {
  description,
  encoder: Uint8Array.of(8, 1, 2, 3),
  tensors: {
    mean: { shape: [3], data: Float64Array.of(0.1, 2, 3) },
    whitener: { shape: [3, 3], data: Float64Array.of(1, 0, 0, 4, 5, 0, 7, 8, 9) },
  },
};

const intensities = { edges: [0, 1, 3], shares: [0.25, 0.75], distances: null };

let root: string;
let dir: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'segcanary-detector-'));
  dir = join(root, 'detector');
});
afterEach(() => rm(root, { recursive: true }));

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const edit = (change: (json: Record<string, unknown>) => void) => editDetector(dir, change);
const refusal = (code: string, sentence: string) =>
  expect.objectContaining({ code, message: expect.stringContaining(sentence) });

describe('saveDetector', () => {
  it('writes what loadDetector reads, and nothing else', async () => {
    await saveDetector(dir, parts);
    expect(await readdir(root)).toEqual(['detector']);
    expect((await readdir(dir)).sort()).toEqual(['detector.json', 'encoder.onnx', 'statistics.safetensors']);
    const detector = await loadFeatureDetector(dir);
    expect(detector.description).toEqual({
      ...description,
      encoderSha256: sha256(parts.encoder),
      statisticsSha256: sha256(await readFile(join(dir, 'statistics.safetensors'))),
      descriptionSha256: detector.description.descriptionSha256,
    });
    expect(detector.id).toBe(`sha256:${sha256(await readFile(join(dir, 'detector.json')))}`);
    expect([...detector.encoderOnnx]).toEqual([...parts.encoder]);
    expect([detector.method.name, detector.scorer.d]).toEqual(['mahalanobis', 3]);
    // z - mean = (1, 1, 1): rows of the whitener sum to 1, 9 and 24.
    expect(detector.scorer.distance(Float32Array.of(1.1, 3, 4))).toBeCloseTo(1 + 81 + 576, 4);
  });

  it('replaces a detector whole and fills an empty folder', async () => {
    await mkdir(dir);
    await saveDetector(dir, parts);
    await saveDetector(dir, { ...parts, encoder: Uint8Array.of(9) });
    expect([...(await loadFeatureDetector(dir)).encoderOnnx]).toEqual([9]);
    expect(await readdir(root)).toEqual(['detector']);
  });

  it('keeps what explains a verdict, where there is something', async () => {
    const profile = { trainingIntensities: [intensities], channelGroups: [2, 1] };
    const groups = await fitChannelGroups(
      async function* () {
        yield { means: Float32Array.of(1, 2, 3, 2, 2, 1, 5, 1, 0, 1, 3, 1), n: 4, c: 3 };
      },
      [2, 1],
      { blas: await openBlas() },
    );
    const tensors = { ...parts.tensors, ...groups };
    await saveDetector(dir, { ...parts, tensors, description: { ...description, ...profile } });
    const { description: read, channelGroups } = await loadFeatureDetector(dir);
    expect(read).toMatchObject(profile);
    expect(channelGroups!.distances(Float32Array.of(1, 2, 3)).length).toBe(2);
    await edit((json) => {
      json.channelGroups = [1, 1, 1];
    });
    await expect(loadDetector(dir)).rejects.toThrow(
      refusal('detector-corrupt', 'its groups have 3 channels, and detector.json says 3 in 3 groups'),
    );
    await saveDetector(dir, parts);
    expect(Object.keys((await loadFeatureDetector(dir)).description)).not.toContain('trainingIntensities');
  });

  it('makes the folders above', async () => {
    dir = join(root, 'a', 'b', 'detector');
    await saveDetector(dir, parts);
    expect((await loadFeatureDetector(dir)).description.n).toBe(100);
  });

  it('refuses to replace anything else, and leaves it alone', async () => {
    await mkdir(dir);
    await writeFile(join(dir, 'thesis.tex'), 'years of work');
    await expect(saveDetector(dir, parts)).rejects.toThrow(
      refusal('io', 'holds thesis.tex and is not just a detector'),
    );
    await writeFile(join(dir, 'detector.json'), '{}');
    await expect(checkDetectorTarget(dir)).rejects.toThrow(refusal('io', 'holds thesis.tex'));
    expect(await readFile(join(dir, 'thesis.tex'), 'utf8')).toBe('years of work');
    await writeFile(join(root, 'file'), '');
    await expect(saveDetector(join(root, 'file'), parts)).rejects.toThrow(refusal('io', 'is not a folder'));
    expect((await readdir(root)).sort()).toEqual(['detector', 'file']);
  });

  it('refuses a description that could not be read back', async () => {
    const bad = { ...parts, description: { ...description, conditionNumber: Number.NaN } };
    await expect(saveDetector(dir, bad)).rejects.toThrow(refusal('detector-invalid', 'conditionNumber'));
    expect(await readdir(root)).toEqual([]);
  });
});

describe('loadDetector', () => {
  const calibration = calibrate([1, 2, 3].map((score) => ({ case: `${score}`, score })));
  it.each<[string, (json: Record<string, unknown>) => void, string]>([
    [
      'another number of features than the tap gives',
      (json) => Object.assign(json, { pooling: { ...description.pooling, shape: [4, 1, 1, 1] } }),
      'expected d to be',
    ],
    [
      'a smallest score that is the largest',
      (json) => Object.assign(json, { calibration: { ...calibration, min: 3, max: 1 } }),
      'expected min and max',
    ],
    [
      'a smallest score that no scan had',
      (json) => Object.assign(json, { calibration: { ...calibration, min: 0 } }),
      'expected min and max',
    ],
    ...(
      [
        [
          'intensities of more channels than there are',
          { trainingIntensities: [intensities, intensities] },
          'of every channel of the plan',
        ],
        [
          'intensities without an edge',
          { trainingIntensities: [{ ...intensities, edges: [0, 1] }] },
          'trainingIntensities.0.edges',
        ],
        [
          'edges that do not ascend',
          { trainingIntensities: [{ ...intensities, edges: [0, 2, 1] }] },
          'expected edges that ascend',
        ],
        [
          'a million bins',
          { trainingIntensities: [{ ...intensities, edges: Array.from({ length: 1e6 }, (_, i) => i) }] },
          'trainingIntensities.0.edges',
        ],
        [
          'more than all voxels',
          { trainingIntensities: [{ ...intensities, shares: [0.5, 0.75] }] },
          'expected shares that sum to 1',
        ],
        ['groups of channels that the tap has not', { channelGroups: [3, 1] }, 'of every channel of the tap'],
        ['a group of nothing', { channelGroups: [3, 0] }, 'channelGroups.1'],
      ] as const
    ).map(
      ([what, fields, sentence]) =>
        [what, (json: Record<string, unknown>) => Object.assign(json, fields), sentence] as [
          string,
          (json: Record<string, unknown>) => void,
          string,
        ],
    ),
    [
      'a patch of a thousand million voxels',
      (json) => Object.assign(json, { plan: { ...description.plan, patchSize: [1e9, 1, 1] } }),
      'patchSize',
    ],
    [
      'a kind that is nested too deeply to be quoted',
      (json) => Object.assign(json, { kind: '@@' }),
      'nested very deeply',
    ],
  ])('refuses %s', async (_, change, sentence) => {
    await saveDetector(dir, parts);
    await unsealDetector(dir, change);
    const path = join(dir, 'detector.json');
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"@@"', '['.repeat(20_000) + ']'.repeat(20_000)));
    await expect(loadDetector(dir)).rejects.toThrow(refusal('detector-invalid', sentence));
  });

  it('refuses statistics that hold NaN', async () => {
    const mean = { shape: [3], data: Float64Array.of(0, Number.NaN, 1) };
    await saveDetector(dir, { ...parts, tensors: { ...parts.tensors, mean } });
    await expect(loadDetector(dir)).rejects.toThrow(
      refusal('detector-corrupt', 'its tensor mean holds NaN or infinity'),
    );
  });

  beforeEach(() => saveDetector(dir, parts));

  it('refuses what is not a detector', async () => {
    await expect(loadDetector(root)).rejects.toThrow(refusal('io', 'holds no detector.json'));
    await writeFile(join(dir, 'detector.json'), '{"formatVersion": 1');
    await expect(loadDetector(dir)).rejects.toThrow(refusal('detector-invalid', 'not JSON'));
    await writeFile(join(dir, 'detector.json'), 'null');
    await expect(loadDetector(dir)).rejects.toThrow(refusal('detector-invalid', 'detector.json'));
  });

  it('refuses a detector.json that was touched, and reads one without a hash of itself', async () => {
    const path = join(dir, 'detector.json');
    const text = await readFile(path, 'utf8');
    for (const [from, to] of [
      ['"mean": -300', '"mean": -390'],
      ['"message": "Few."', '"message": "Few!"'],
      ['"createdBy"', '"createdby"'],
    ]) {
      await writeFile(path, text.replace(from!, to!));
      expect(text).toContain(from);
      await expect(loadDetector(dir)).rejects.toThrow(refusal('detector-corrupt', 'its hash of itself differs'));
    }
    // White space is nobody's damage.
    await writeFile(path, JSON.stringify(JSON.parse(text)));
    const { description: read } = await loadDetector(dir);
    await unsealDetector(dir);
    const { descriptionSha256, ...rest } = read;
    expect(descriptionSha256).toHaveLength(64);
    expect((await loadDetector(dir)).description).toEqual(rest);
  });

  it('refuses a newer format by its version, and a wrong field by its path', async () => {
    await edit((json) => {
      json.formatVersion = 2;
      json.stepSize = 'half';
    });
    await expect(loadDetector(dir)).rejects.toThrow(refusal('detector-invalid', 'format version 2'));
    await edit((json) => {
      json.formatVersion = 1;
    });
    await expect(loadDetector(dir)).rejects.toThrow(refusal('detector-invalid', 'stepSize'));
  });

  it.each(['encoder.onnx', 'statistics.safetensors'])('refuses a %s that was touched or lost', async (name) => {
    const path = join(dir, name);
    const bytes = await readFile(path);
    bytes[bytes.length - 1] ^= 1;
    await writeFile(path, bytes);
    await expect(loadDetector(dir)).rejects.toThrow(refusal('detector-corrupt', name));
    await rm(path);
    await expect(loadDetector(dir)).rejects.toThrow(refusal('io', name));
  });

  it('refuses a Gaussian of another size, hash or no hash', async () => {
    await edit((json) => {
      const shape = [4, 1, 1, 1];
      Object.assign(json, {
        d: 4,
        pooling: { ...description.pooling, shape },
        tap: { ...description.tap, shape },
      });
    });
    await expect(loadDetector(dir)).rejects.toThrow(
      refusal('detector-corrupt', 'says 4 features, statistics.safetensors has 3'),
    );
    const nonsense = Buffer.from('nonsense nonsense');
    await writeFile(join(dir, 'statistics.safetensors'), nonsense);
    await edit((json) => {
      json.statisticsSha256 = sha256(nonsense);
    });
    await expect(loadDetector(dir)).rejects.toThrow(refusal('detector-corrupt', 'header is longer than the file'));
  });
});
