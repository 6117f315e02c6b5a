import { type CompareOptions, type Comparison, comparing } from './compare.js';
import { harmedCases, harmOfShifts, type ShiftHarm } from './harm.js';
import { type Judgement, judge, type ScoredCase } from './judge.js';
import { atOnce, type Steps } from './steps.js';

/**
 * Scores of a detector on the validation and test scans of a cohort, and what a table says of it.
 */
export interface ScoredMethod {
  readonly name: string;
  readonly title: string;
  readonly formula: string;
  readonly source: string;
  /** Passes of the whole network that it needs; of methods on features, the encoder of one. */
  readonly passes: number;
  readonly cases: readonly ScoredCase[];
  /** How `fit` makes the same detector; absent under another aggregator than the mean. */
  readonly recipe?: DetectorRecipe | undefined;
}

/** What `fit` is told. */
export interface DetectorRecipe {
  /** Name of the method. */
  readonly detector: string;
  /** The tap as the tables name it, `stage-2`, or a tensor; null for a detector without one. */
  readonly tap: string | null;
  /** Whether the detector is fitted to training scans. */
  readonly fitted: boolean;
}

export type JudgedMethod = ScoredMethod & Judgement;

/** Detectors side by side. */
export interface Evaluated {
  readonly methods: readonly JudgedMethod[];
  readonly comparison: Comparison;
}

export interface Evaluation extends Evaluated {
  readonly shifts: readonly ShiftHarm[];
  /**
   * The same over in-distribution scans and the shifts that do harm alone; null where none does, or
   * all do.
   */
  readonly harmful: Evaluated | null;
}

export interface EvaluationOptions extends CompareOptions {
  /** A segmentation with a lower Dice has failed. */
  readonly tau: number;
  /** A larger drop of the mean Dice is harm. */
  readonly margin: number;
}

/** Judges detectors on a cohort, and on those of its shifts that do harm. */
export const evaluationOf = (methods: readonly ScoredMethod[], options: EvaluationOptions): Evaluation =>
  atOnce(evaluating(methods, options));

/** The same, step by step. */
export function* evaluating(methods: readonly ScoredMethod[], options: EvaluationOptions): Steps<Evaluation> {
  const shifts = harmOfShifts(methods[0]?.cases ?? [], options.margin);
  const ood = shifts.filter(({ group }) => group === 'ood');
  const some = ood.some(({ harmful }) => harmful) && ood.some(({ harmful }) => !harmful);
  const harmed = () => methods.map((m) => ({ ...m, cases: harmedCases(m.cases, shifts) }));
  const evaluated = yield* evaluatedOf(methods, options);
  return { ...evaluated, shifts, harmful: some ? yield* evaluatedOf(harmed(), options) : null };
}

function* evaluatedOf(methods: readonly ScoredMethod[], options: EvaluationOptions): Steps<Evaluated> {
  const byName = Object.fromEntries(methods.map(({ name, cases }) => [name, cases]));
  return {
    methods: methods.map((m) => ({ ...m, ...judge(m.cases, options.tau) })),
    comparison: yield* comparing(byName, options),
  };
}
