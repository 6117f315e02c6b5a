import { beforeAll, describe, expect, it } from 'vitest';
import { estimateQuality, trustOf } from '../../../src/detectors/quality/estimate.js';
import { expectedDice, fitKind, learn, meanOf } from '../../../src/detectors/quality/learn.js';
import {
  learnQuality,
  type QualityModel,
  qualitySchema,
  temperaturesOf,
} from '../../../src/detectors/quality/model.js';
import type { ScanSignals } from '../../../src/detectors/quality/signals.js';
import { passOf, simulatedCases, uniform } from '../../support/quality.js';

const families = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
const cases = simulatedCases(14, 3, families);
const fresh = simulatedCases(20, 99, families);
const context = {
  labels: ['one', 'two'],
  networks: ['0'.repeat(64)],
  mirrorAxes: [],
  alpha: 0.1,
};

describe('learn', () => {
  it('beats the isotonic curve where the signals say more, and errs little on patients it has not seen', () => {
    const learned = learn(cases);
    expect(learned.labels.map(({ curve }) => curve.kind)).toEqual(['additive', 'additive']);
    const errorOf = (model: typeof learned) =>
      meanOf(
        fresh.flatMap(({ passes }) =>
          passes.map(({ signals, dice }) => Math.abs(meanOf(expectedDice(model, signals)) - meanOf(dice))),
        ),
      );
    expect(errorOf(learned)).toBeLessThan(errorOf(fitKind(cases, 'isotonic')));
    expect(errorOf(learned)).toBeLessThan(0.06);
  });

  it('keeps the isotonic curve where confidence says all', () => {
    const random = uniform(5);
    const plain = Array.from({ length: 30 }, (_, i) => {
      const confidence = random();
      return { case: String(i), passes: [passOf(confidence, confidence > 0.5 ? 0.9 : 0.1)] };
    });
    const learned = learn(plain);
    expect(learned.labels[0].curve.kind).toBe('isotonic');
    expect(expectedDice(learned, passOf(0.9, 0).signals)[0]).toBeCloseTo(0.9, 9);
  });

  it('takes the temperature at which confidence is nearest to the Dice', () => {
    const at = (confidence: number[], dice: number) => {
      const { signals, ...pass } = passOf(0, dice);
      return {
        ...pass,
        signals: { ...signals, temperatures: [1, 2, 3], labels: [{ confidence, entropy: [0, 0, 0], volume: 1 }] },
      };
    };
    const plain = [0.5, 0.6, 0.7, 0.8, 0.9].map((d, i) => ({
      case: String(i),
      passes: [at([1, d + 0.01, d - 0.1], d)],
    }));
    expect(learn(plain).temperature).toBe(2);
  });

  it('never expects more of a scan of which everything says less', () => {
    const learned = fitKind(cases, 'additive');
    const worse = ({ labels, score, temperatures }: ScanSignals): ScanSignals => ({
      temperatures,
      labels: labels.map(({ confidence, entropy, volume }) => ({
        confidence: confidence.map((c) => 0.9 * c),
        entropy: entropy.map((e) => Math.min(1, 1.1 * e)),
        volume,
      })),
      score: score + 5,
    });
    for (const { passes } of fresh)
      for (const { signals } of passes)
        expectedDice(learned, worse(signals)).forEach((dice, k) => {
          expect(dice).toBeLessThanOrEqual(expectedDice(learned, signals)[k] + 1e-12);
        });
  });
});

describe('learnQuality', () => {
  let quality: QualityModel;
  beforeAll(() => {
    quality = learnQuality(cases, context);
  });
  const estimate = (verdict: 'in-distribution' | 'out-of-distribution', stress = false) =>
    estimateQuality(quality, fresh[0].passes[0].signals, { verdict, stress });

  it('is what its schema reads, and the same the next time', () => {
    expect(qualitySchema.parse(JSON.parse(JSON.stringify(quality)))).toEqual(quality);
    expect(learnQuality(cases.toReversed(), context)).toEqual(quality);
  });

  it.each([
    ['a unit that is gone', (q: QualityModel) => ({ ...q, bound: { ...q.bound, parts: q.bound?.parts.slice(1) } })],
    ['a label that is gone', (q: QualityModel) => ({ ...q, labels: ['one'] })],
    ['a family that is gone', (q: QualityModel) => ({ ...q, stress: { ...q.stress, families: ['a'] } })],
    ['an alpha that the units do not support', (q: QualityModel) => ({ ...q, bound: { ...q.bound, alpha: 0.01 } })],
    ['a jackknife+ that is called a split', (q: QualityModel) => ({ ...q, bound: { ...q.bound, kind: 'split' } })],
  ])('refuses %s', (_, edit) => {
    expect(qualitySchema.safeParse(edit(quality)).success).toBe(false);
  });

  it('refuses a curve that falls', () => {
    const curve = { kind: 'isotonic', x: [0, 1], y: [0.9, 0.1] };
    const [first, ...others] = quality.model.labels;
    const edited = { ...quality, model: { ...quality.model, labels: [{ ...first, curve }, ...others] } };
    expect(qualitySchema.safeParse(edited).success).toBe(false);
  });

  it('says how well, without the family and the patient', () => {
    const { unshifted, families: found, coverage } = quality.crossValidation;
    expect(unshifted.n).toBe(14);
    expect(found.map(({ name, n }) => [name, n])).toEqual(families.map((name) => [name, 14]));
    expect(coverage?.n).toBe(14);
    expect(unshifted.additive).toBeLessThan(0.1);
  });

  it('measures at a few temperatures', () => {
    expect(temperaturesOf(quality).every((t) => [0.5, 1, 2].includes(t))).toBe(true);
  });

  it('bounds a scan that is not flagged, each label by itself', () => {
    const found = estimate('in-distribution');
    expect(found).toMatchObject({ level: 0.8, note: null });
    expect(found.dice).toBeCloseTo(meanOf(Object.values(found.perLabel).map(({ dice }) => dice)), 12);
    for (const { dice, atLeast } of [found, ...Object.values(found.perLabel)]) {
      expect(atLeast).toBeLessThanOrEqual(dice);
      expect(atLeast).toBeGreaterThan(0);
    }
  });

  it('bounds a flagged one only as one of the simulated families, and says so', () => {
    expect(estimate('out-of-distribution')).toMatchObject({
      atLeast: null,
      level: null,
      note: expect.stringContaining('no bound'),
    });
    expect(estimate('out-of-distribution', true)).toMatchObject({
      atLeast: expect.any(Number),
      level: 0.8,
      note: expect.stringContaining('exchangeable'),
    });
    const few = { ...quality, stress: learnQuality(simulatedCases(14, 3, ['a', 'b']), context).stress };
    const refused = estimateQuality(few, fresh[0].passes[0].signals, { verdict: 'out-of-distribution', stress: true });
    expect(refused).toMatchObject({
      atLeast: null,
      note: expect.stringContaining(
        '2 families of simulated shifts cannot bound it: a bound that fails in 0.1 of cases needs 9',
      ),
    });
  });

  it('has no bound of eight scans', () => {
    const few = learnQuality(cases.slice(0, 8), context);
    expect(few.bound).toBeNull();
    expect(estimateQuality(few, fresh[0].passes[0].signals, { verdict: 'in-distribution' })).toMatchObject({
      atLeast: null,
      note: expect.stringContaining('too few'),
    });
  });
});

describe('trustOf', () => {
  const quality = { dice: 0.8, atLeast: 0.5, level: 0.9, perLabel: {}, note: null };
  it.each([
    ['in-distribution', quality, {}, 'no'],
    ['in-distribution', quality, { tau: 0.5 }, 'yes'],
    ['in-distribution', quality, { trustBy: 'estimate' as const }, 'yes'],
    ['in-distribution', { ...quality, atLeast: null }, {}, 'unknown'],
    ['in-distribution', null, {}, 'unknown'],
    ['out-of-distribution', { ...quality, atLeast: 0.9 }, {}, 'no'],
    ['uncalibrated', { ...quality, atLeast: 0.9 }, {}, 'unknown'],
    [null, null, {}, 'unknown'],
  ] as const)('%s, %j, %j: %s', (verdict, found, options, trust) => {
    expect(trustOf(verdict, found, options)).toBe(trust);
  });
});
