import { isotonicRegression, type RisingFunction, risingAt } from '../../maths/regression/isotonic.js';
import { type AdditiveModel, additiveAt, type FitRow, fitAdditive } from './additive.js';
import { link, type Scale, type ScanSignals, scaleOf, signalsOf, unlink } from './signals.js';

/** One pass over a labelled scan: unshifted, or under a simulated shift. */
export interface QualityPass {
  /** Name of the shift; null for the scan as it is. */
  readonly family: string | null;
  readonly signals: ScanSignals;
  /** The true Dice of every label. */
  readonly dice: readonly number[];
}

/** A labelled scan, which stands for a patient; the pass of the scan as it is comes first. */
export interface QualityCase {
  readonly case: string;
  readonly passes: readonly QualityPass[];
}

/** How a label's Dice follows from its signals. */
export type Curve = ({ readonly kind: 'additive' } & AdditiveModel) | ({ readonly kind: 'isotonic' } & RisingFunction);
export type CurveKind = Curve['kind'];

/** What was learned from some labelled scans. */
export interface Learned {
  readonly temperature: number;
  readonly score: Scale;
  /** One a label. */
  readonly labels: readonly { readonly volume: Scale; readonly curve: Curve }[];
}

/** Parts of the cases for cross-validation. */
export const FOLDS = 5;

/**
 * Learns to expect the Dice: of the additive model and the isotonic curve over soft Dice confidence
 * the one that errs less where it errs most, on scans as they are whose patient is left out or on a
 * family of shifts that is, fitted to all cases. What the next shift will be nobody knows, so that
 * a mean over the families that were simulated would be a mean over what was thought of. Everything
 * is of these cases alone, so that a case that is kept aside is new to all of it.
 */
export function learn(cases: readonly QualityCase[]): Learned {
  const [additive, ridges] = fitWith(cases, 'additive');
  const errorOf = (kind: CurveKind) => {
    const errorsOn = (rest: readonly QualityCase[], part: readonly QualityCase[], family: string | null) => {
      const [learned] = fitWith(rest, kind, ridges);
      return part.flatMap((c) => errorsOf(learned, c, family));
    };
    const byPatient = foldsOf(cases).flatMap(({ rest, part }) => errorsOn(rest, part, null));
    const byFamily = familiesOf(cases).map((family) => errorsOn(withoutFamily(cases, family), cases, family));
    return Math.max(...[byPatient, ...byFamily].map(meanOf));
  };
  return errorOf('additive') < errorOf('isotonic') ? additive : fitWith(cases, 'isotonic')[0];
}

/** Fits one kind of curve. */
export const fitKind = (cases: readonly QualityCase[], kind: CurveKind): Learned => fitWith(cases, kind)[0];

/** What each part is, and what is left without it; cases have to come in an order of chance. */
export function foldsOf<T>(cases: readonly T[]): { readonly rest: T[]; readonly part: T[] }[] {
  return Array.from({ length: Math.min(FOLDS, cases.length) }, (_, fold) => ({
    rest: cases.filter((_, i) => i % FOLDS !== fold),
    part: cases.filter((_, i) => i % FOLDS === fold),
  }));
}

/** The Dice to expect of every label. */
export function expectedDice({ temperature, score, labels }: Learned, signals: ScanSignals): number[] {
  const at = signals.temperatures.indexOf(temperature);
  if (at === -1) throw new RangeError(`the signals were not measured at temperature ${temperature}`);
  return labels.map(({ volume, curve }, k) =>
    curve.kind === 'isotonic'
      ? risingAt(curve, signals.labels[k].confidence[at])
      : unlink(additiveAt(curve, signalsOf(signals, k, at, { score, volume }))),
  );
}

export const meanOf = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

/**
 * How much each pass counts: half of a patient is the scan as it is, the rest its shifted copies.
 */
export const weightOf = ({ passes }: QualityCase, { family }: QualityPass): number =>
  passes.length === 1 ? 1 : family === null ? 0.5 : 0.5 / (passes.length - 1);

/** How far the expected mean Dice is off, of each of a case's passes of one family. */
export const errorsOf = (learned: Learned, { passes }: QualityCase, family: string | null): number[] =>
  passes
    .filter((pass) => pass.family === family)
    .map(({ signals, dice }) => Math.abs(meanOf(expectedDice(learned, signals)) - meanOf(dice)));

/** The families of shifts among the cases, in alphabetical order. */
export const familiesOf = (cases: readonly QualityCase[]): string[] =>
  [...new Set(cases.flatMap(({ passes }) => passes.flatMap(({ family }) => family ?? [])))].sort();

/** The cases without their passes of a family. */
export const withoutFamily = (cases: readonly QualityCase[], family: string): QualityCase[] =>
  cases.map((c) => ({ ...c, passes: c.passes.filter((pass) => pass.family !== family) }));

function fitWith(
  cases: readonly QualityCase[],
  kind: CurveKind,
  ridges?: readonly number[],
): readonly [Learned, ridges: number[]] {
  const plain = cases.map(({ passes }) => passes[0]);
  const { temperatures } = plain[0].signals;
  const at = bestTemperature(plain);
  const scores = plain.map(({ signals }) => signals.score);
  const score = scaleOf(scores, 1e-6 * Math.max(...scores.map(Math.abs)) || 1);
  const used: number[] = [];
  const labels = plain[0].dice.map((_, k) => {
    const volume = scaleOf(
      plain.map(({ signals }) => Math.log1p(signals.labels[k].volume)),
      0.01,
    );
    const rows = cases.flatMap((c, patient) =>
      c.passes.map((pass) => ({ patient, pass, weight: weightOf(c, pass), dice: pass.dice[k] })),
    );
    if (kind === 'isotonic') {
      const points = rows.map(({ pass, weight, dice }) => ({
        x: pass.signals.labels[k].confidence[at],
        y: dice,
        weight,
      }));
      return { volume, curve: { kind, ...isotonicRegression(points) } };
    }
    const fitted = rows.map(({ patient, pass, weight, dice }): FitRow => {
      return {
        patient,
        family: pass.family,
        weight,
        x: signalsOf(pass.signals, k, at, { score, volume }),
        y: link(dice),
      };
    });
    const { ridge, ...model } = fitAdditive(fitted, ridges?.[k]);
    used.push(ridge);
    return { volume, curve: { kind, ...model } };
  });
  return [{ temperature: temperatures[at], score, labels }, used];
}

/** Which temperature gives the least sum of (SDC - Dice)^2 over scans as they are. */
function bestTemperature(passes: readonly QualityPass[]): number {
  const errors = passes[0].signals.temperatures.map((_, t) =>
    passes.reduce(
      (sum, { signals, dice }) => sum + dice.reduce((s, d, k) => s + (signals.labels[k].confidence[t] - d) ** 2, 0),
      0,
    ),
  );
  return errors.indexOf(Math.min(...errors));
}
