import { readFileSync } from 'node:fs';
import type { QualityCase } from '../../src/detectors/quality/learn.js';
import { learnQuality } from '../../src/detectors/quality/model.js';
import { loadDetector, writeQuality } from '../../src/detectors/saved.js';
import { sha256 } from '../../src/files/hash.js';

interface LabelFixture {
  readonly voxels: number;
  readonly confidence: number[];
  readonly entropy: number[];
}

/** Made by test/oracle/quality.py. */
export const qualityFixture = JSON.parse(
  readFileSync(new URL('../fixtures/quality.json', import.meta.url), 'utf8'),
) as {
  readonly nnls: readonly { readonly gram: number[]; readonly right: number[]; readonly x: number[] }[];
  readonly isotonic: Readonly<Record<'x' | 'y' | 'weight' | 'at' | 'value', number[]>>;
  readonly additive: Readonly<Record<'patient' | 'weight' | 'y' | 'chosen' | 'second', number[]>> & {
    readonly x: number[][];
    readonly at: number[][];
    readonly family: (string | null)[];
    readonly ridge: number;
  };
  readonly bounds: Readonly<Record<'confidence' | 'dice' | 'at' | 'jackknife', number[]>> & {
    readonly alpha: number;
    readonly aside: number;
    readonly few: number;
    readonly split: { readonly mapie: number[]; readonly crepes: number[] };
  };
  readonly confidence: {
    readonly shape: readonly [number, number, number];
    readonly temperatures: number[];
    readonly logits: number[];
    readonly classes: LabelFixture[];
    readonly regions: LabelFixture[];
  };
};

/** Uniform numbers by a seed. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A pass of one label, by its confidence alone. */
export const passOf = (confidence: number, dice: number, family: string | null = null) => ({
  family,
  signals: {
    temperatures: [1],
    labels: [{ confidence: [confidence], entropy: [0.1], volume: 1000 }],
    score: 1,
  },
  dice: [dice],
});

/**
 * Patients whose Dice falls with a hidden harm that every signal sees through noise, each with a
 * copy of every family, which harms by its own measure. To every other family the network's
 * confidence is blind.
 */
export function simulatedCases(count: number, seed: number, families: readonly string[] = []): QualityCase[] {
  const random = uniform(seed);
  const noise = () => random() + random() + random() - 1.5;
  const within = (x: number) => Math.min(Math.max(x, 0), 1);
  const pass = (family: string | null, harm: number, seen: number) => {
    const dice = within(0.9 - harm + 0.05 * noise());
    const label = (factor: number) => ({
      confidence: [0.5, 1, 2].map((t) => within(0.97 - (factor * seen) / t + 0.03 * noise())),
      entropy: [0.5, 1, 2].map((t) => within(0.1 * t + 0.2 * seen + 0.02 * random())),
      volume: 1000 * Math.exp(0.2 * noise() - harm),
    });
    return {
      family,
      signals: {
        temperatures: [0.5, 1, 2],
        labels: [label(1), label(0.8)],
        score: 10 * Math.exp(3 * harm + 0.2 * noise()),
      },
      dice: [dice, Math.max(0, dice - 0.05)],
    };
  };
  const shifted = (family: string, f: number) => {
    const harm = 0.1 + (0.6 * random() * (f + 1)) / families.length;
    return pass(family, harm, f % 2 === 0 ? harm : 0.05);
  };
  return Array.from({ length: count }, (_, i) => {
    const harm = 0.1 * random();
    return { case: `case-${i}`, passes: [pass(null, harm, harm), ...families.map(shifted)] };
  });
}

/**
 * Gives a detector a model of the Dice of one label, as `calibrate --labels` does, from simulated
 * patients and not from passes of the network.
 *
 * @param model the network that segments
 */
export async function giveQuality(detector: string, model: string): Promise<void> {
  const cases = simulatedCases(20, 5, ['low-dose', 'thick-slices']).map((patient) => ({
    ...patient,
    passes: patient.passes.map((pass) => ({
      ...pass,
      signals: { ...pass.signals, labels: pass.signals.labels.slice(0, 1) },
      dice: pass.dice.slice(0, 1),
    })),
  }));
  const networks = [sha256(readFileSync(model))];
  const quality = learnQuality(cases, { labels: ['lesion'], networks, mirrorAxes: [], alpha: 0.1 });
  await writeQuality(await loadDetector(detector), quality);
}
