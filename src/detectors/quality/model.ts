import { z } from 'zod';
import { boundKindOf, drawBound, rankOf, unitsOf } from './bound.js';
import { crossValidate } from './cross-validation.js';
import { familiesOf, learn, type QualityCase } from './learn.js';
import { SIGNAL_NAMES } from './signals.js';
import { drawStressBound, shuffled } from './stress.js';

const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 hexadecimal digits');
const count = z.int().nonnegative();
const finite = z.number();

const rising = (values: readonly number[], strictly: boolean): boolean =>
  values.every((value, i) => i === 0 || (strictly ? value > values[i - 1] : value >= values[i - 1]));

const curveSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('additive'),
    intercept: finite,
    /** `signal` counts the signals as `SIGNAL_NAMES` has them. */
    hinges: z.array(
      z.object({ signal: count, knot: finite, side: z.enum(['above', 'below']), slope: z.number().positive() }),
    ),
  }),
  z
    .object({ kind: z.literal('isotonic'), x: z.array(finite).min(1), y: z.array(z.number().min(0).max(1)) })
    .refine(({ x, y }) => x.length === y.length && rising(x, true) && rising(y, false), 'expected a rising curve'),
]);

const scale = z.object({ median: finite, deviation: z.number().positive() });
const learnedSchema = z.object({
  temperature: z.number().positive(),
  score: scale,
  labels: z.array(z.object({ volume: scale, curve: curveSchema })),
});

const boundSchema = z
  .object({
    kind: z.enum(['split', 'jackknife+']),
    alpha: z.number().gt(0).lt(0.5),
    parts: z.array(z.object({ model: learnedSchema, over: z.array(z.array(finite)).min(1) })).min(1),
  })
  .refine(
    ({ kind, parts }) => (kind === 'split' ? parts.length === 1 : parts.every(({ over }) => over.length === 1)),
    'expected one part by split, and one unit a part by jackknife+',
  );

const errors = { n: count, additive: z.number().min(0), isotonic: z.number().min(0) };

/** What detector.json keeps of a calibration with labels: what Dice to expect of a segmentation. */
export const qualitySchema = z
  .object({
    /** Names of the foreground labels, in the order of dataset.json. */
    labels: z.array(z.string()).min(1).max(30),
    /** sha256 of the networks whose segmentations it knows, and the axes that they mirrored. */
    networks: z.array(hash).min(1),
    mirrorAxes: z.array(z.int().min(0).max(2)),
    /** Labelled scans, and passes over them with their shifted copies. */
    cases: z.int().positive(),
    passes: z.int().positive(),
    /** What estimates are made by. */
    model: learnedSchema,
    /** Null where the scans are too few. */
    bound: boundSchema.nullable(),
    /** The families of simulated shifts, and the bound that has them as units; null without any. */
    stress: z.object({ families: z.array(z.string()).min(1), bound: boundSchema }).nullable(),
    crossValidation: z.object({
      unshifted: z.object(errors),
      families: z.array(z.object({ name: z.string(), ...errors })),
      coverage: z.object({ covered: count, n: count }).nullable(),
    }),
  })
  .refine(({ cases, bound }) => {
    if (bound === null) return true;
    const units = unitsOf(bound);
    return rankOf(bound.alpha, units) >= 1 && (bound.kind === 'split' ? units < cases : units === cases);
  }, 'expected a bound of as many scans as there are, or as are set aside, and enough of them')
  .refine(
    ({ stress }) => stress === null || unitsOf(stress.bound) === stress.families.length,
    'expected one unit of the stress bound a family',
  )
  .refine(({ labels, model, bound, stress }) => {
    const parts = [...(bound?.parts ?? []), ...(stress?.bound.parts ?? [])];
    return (
      parts.every(({ over }) => over.every((unit) => unit.length === labels.length + 1)) &&
      [model, ...parts.map((part) => part.model)].every(
        (learned) =>
          learned.labels.length === labels.length &&
          learned.labels.every(
            ({ curve }) =>
              curve.kind === 'isotonic' || curve.hinges.every(({ signal }) => signal < SIGNAL_NAMES.length),
          ),
      )
    );
  }, 'expected a curve of every label, of the signals that there are');

type Immutable<T> = T extends object ? { readonly [K in keyof T]: Immutable<T[K]> } : T;
export type QualityModel = Immutable<z.output<typeof qualitySchema>>;

/** The fewest labelled scans that anything is learned from. */
export const FEWEST_CASES = 5;

export interface QualityContext extends Pick<QualityModel, 'labels' | 'networks' | 'mirrorAxes'> {
  /** How often a bound may fail. */
  readonly alpha: number;
}

/**
 * Learns what Dice to expect from labelled scans and shifted copies of them, and says how well.
 *
 * @param cases at least `FEWEST_CASES`
 */
export function learnQuality(cases: readonly QualityCase[], { alpha, ...context }: QualityContext): QualityModel {
  const drawn = shuffled(cases, (c) => c.case);
  const kind = boundKindOf(drawn.length, alpha);
  const families = familiesOf(drawn);
  return {
    ...context,
    cases: drawn.length,
    passes: drawn.reduce((sum, { passes }) => sum + passes.length, 0),
    model: learn(drawn),
    bound: kind && drawBound(drawn, kind, alpha),
    stress: families.length > 0 ? { families, bound: drawStressBound(drawn, alpha) } : null,
    crossValidation: crossValidate(drawn, { kind, alpha }),
  };
}

/** Every temperature that some part of it measures at. */
export function temperaturesOf({ model, bound, stress }: Pick<QualityModel, 'model' | 'bound' | 'stress'>): number[] {
  const parts = [...(bound?.parts ?? []), ...(stress?.bound.parts ?? [])];
  return [...new Set([model, ...parts.map((part) => part.model)].map(({ temperature }) => temperature))];
}
