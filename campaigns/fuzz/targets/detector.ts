import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Detector, loadDetector, saveDetector } from '../../../src/detectors/saved.js';
import { sha256 } from '../../../src/files/hash.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { mutateBytes } from '../mutate/bytes.js';
import { mutateJson } from '../mutate/json.js';
import type { Target } from '../target.js';
import { detectorParts } from './detector-parts.js';
import { checkPlan } from './plans.js';
import { mutateSafetensors } from './safetensors.js';

/** What unet-nearest's bottleneck is: test/oracle/onnx_models.py. */
export const tapShape = [8, 2, 4, 4] as const;

/** A detector's files by name. */
export type Files = Readonly<Record<string, Uint8Array>>;

let bases: Files[] = [];
let target = '';

/**
 * Detector folders through `loadDetector`; hashes are mostly recorded anew, so that a change gets
 * past them.
 */
export const detector: Target = {
  name: 'detector',
  weight: 8,
  limit: 2000,
  file: 'fuzzed-detector',
  async open(folder) {
    bases = await writtenDetectors(folder);
    target = join(folder, 'fuzzed-detector');
    mkdirSync(target, { recursive: true });
  },
  async run(dice) {
    const files = mutateDetector(dice.pick(bases), dice);
    for (const [name, bytes] of Object.entries(files)) writeFileSync(join(target, name), bytes);
    check(await loadDetector(target));
  },
};

/** Detectors of every kind as `saveDetector` writes them. */
export async function writtenDetectors(folder: string): Promise<Files[]> {
  const found: Files[] = [];
  for (const [i, parts] of detectorParts(tapShape).entries()) {
    const dir = join(folder, `detector-${i}`);
    await saveDetector(dir, parts);
    found.push(
      Object.fromEntries(readdirSync(dir).map((name) => [name, new Uint8Array(readFileSync(join(dir, name)))])),
    );
  }
  return found;
}

/**
 * detector.json, the statistics, or a network changed, and the hashes made to fit in nine of ten
 * cases.
 */
export function mutateDetector(files: Files, dice: Dice): Files {
  const out: Record<string, Uint8Array> = { ...files };
  const networks = Object.keys(files).filter((name) => name.endsWith('.onnx'));
  const kind = dice.int(0, 9);
  if (kind < 4 && files['statistics.safetensors'])
    out['statistics.safetensors'] = mutateSafetensors(files['statistics.safetensors'], dice);
  if (kind === 4 && networks.length > 0) {
    const name = dice.pick(networks);
    out[name] = mutateBytes(files[name], dice);
  }
  let json = new TextDecoder().decode(files['detector.json']);
  if (dice.chance(0.9)) {
    for (const [name, bytes] of Object.entries(out)) json = json.replaceAll(sha256(files[name]), sha256(bytes));
  }
  if (kind > 4) json = dice.chance(0.3) ? disagree(json, dice) : mutateJson(json, dice);
  if (dice.chance(0.9)) json = unsealed(json);
  out['detector.json'] = new TextEncoder().encode(json);
  return out;
}

/** Without its hash of itself, as an earlier version writes it, so that a change gets past that. */
export const unsealed = (json: string): string => json.replace(/,\s*"descriptionSha256": ?"[0-9a-f]{64}"/, '');

/** Values that are well-formed and contradict each other. */
function disagree(json: string, dice: Dice): string {
  const d = JSON.parse(json);
  switch (dice.int(0, 7)) {
    case 0:
      d.d = dice.pick([1, 255, 257, 1e9]);
      break;
    case 1:
      if (d.pooling) d.pooling.shape = dice.pick([[1], [8, 2, 4], [1e9, 1e9], [8, 1, 2, 2]]);
      break;
    case 2:
      if (d.tap) d.tap.shape = dice.pick([[1], [8, 2, 4], [1e9, 1e9, 1, 1], [7, 2, 4, 4]]);
      break;
    case 3:
      [d.calibration.min, d.calibration.max] = [d.calibration.max, d.calibration.min];
      break;
    case 4:
      d.calibration[dice.pick(['min', 'max'])] = dice.pick([-1e308, 1e308, 0, 5]);
      break;
    case 5:
      d.stepSize = dice.pick([5e-324, 1e-9, 1]);
      break;
    case 6:
      d.mirrorAxes = dice.pick([[0, 0], new Array(40).fill(1), [2, 1, 0]]);
      d.dropout = dice.pick([0, 1e9]);
      break;
    default:
      d.stages = dice.pick([[], [{ name: '../../x', channels: 1e9 }], null]);
      d.method = dice.pick(['multi-layer', 'knn', 'mahalanobis', 'energy', '__proto__']);
  }
  return JSON.stringify(d);
}

/** What scoring relies on. */
function check({ kind, description, ...detector }: Detector): void {
  checkPlan(description.plan);
  const { calibration } = description;
  if (calibration) {
    const scores = calibration.cases.map(({ score }) => score);
    expect(
      calibration.min === Math.min(...scores) && calibration.max === Math.max(...scores),
      `min ${calibration.min} and max ${calibration.max} of ${scores}`,
    );
  }
  if (kind === 'outputs') {
    const { mirrorAxes, dropout } = description as { mirrorAxes: number[]; dropout: number };
    expect(
      new Set(mirrorAxes).size === mirrorAxes.length && dropout <= 1000,
      `mirrors ${mirrorAxes}, ${dropout} passes with dropout`,
    );
    return;
  }
  const { scorer } = detector as { scorer: { d: number; distance(z: Float32Array): number } };
  const { d } = description as { d: number };
  expect(scorer.d === d, `d ${d}, of the statistics ${scorer.d}`);
  // Statistics of 1e300 overflow: the distance stage refuses what is not finite.
  expect(typeof scorer.distance(new Float32Array(d).fill(0.25)) === 'number', 'no distance');
  if (kind !== 'features') return;
  const { tap, pooling, stages, method } = description as unknown as Record<string, { shape: number[] }> & {
    method: string;
  };
  const product = (shape: readonly number[]) => shape.reduce((a, n) => a * n, 1);
  const wide =
    { knn: tap!.shape[0], 'gap-mahalanobis': tap!.shape[0] }[method] ?? (stages ? d : product(pooling!.shape));
  expect(wide === d, `${method} has ${d} features and its tap ${tap!.shape}, pooled ${pooling!.shape}`);
}
