import { type BoundKind, drawBound, lowerBound } from './bound.js';
import {
  type CurveKind,
  errorsOf,
  FOLDS,
  familiesOf,
  fitKind,
  foldsOf,
  meanOf,
  type QualityCase,
  withoutFamily,
} from './learn.js';

/** Mean absolute errors of the expected mean Dice. */
export interface Errors {
  /** Passes that it is a mean over. */
  readonly n: number;
  readonly additive: number;
  /** Those of the baseline, the isotonic curve over soft Dice confidence. */
  readonly isotonic: number;
}

/** How well the quality of patients is estimated that were left out. */
export interface CrossValidation {
  readonly unshifted: Errors;
  /** Families of shifts, each left out of the fit too. */
  readonly families: readonly (Errors & { readonly name: string })[];
  /** Unshifted scans whose mean Dice is at or above its bound; null where there is none. */
  readonly coverage: { readonly covered: number; readonly n: number } | null;
}

/** Leaves every fifth of the patients out in turn. */
export function crossValidate(
  cases: readonly QualityCase[],
  { kind, alpha }: { readonly kind: BoundKind | null; readonly alpha: number },
): CrossValidation {
  return {
    unshifted: errorsOn(cases, null),
    families: familiesOf(cases).map((name) => ({ name, ...errorsOn(cases, name) })),
    coverage: kind && coverageOf(cases, kind, alpha),
  };
}

/** On the passes of a family by what has seen neither the family nor the patient. */
function errorsOn(cases: readonly QualityCase[], family: string | null): Errors {
  const known = family === null ? cases : withoutFamily(cases, family);
  const all = new Map(cases.map((c) => [c.case, c]));
  const off: Record<CurveKind, number[]> = { additive: [], isotonic: [] };
  for (const { rest, part } of foldsOf(known)) {
    for (const kind of ['additive', 'isotonic'] as const) {
      const learned = fitKind(rest, kind);
      for (const { case: name } of part) off[kind].push(...errorsOf(learned, all.get(name) as QualityCase, family));
    }
  }
  return { n: off.additive.length, additive: meanOf(off.additive), isotonic: meanOf(off.isotonic) };
}

/** Others are set aside for the bound every time, so that one odd set of them does not decide. */
function coverageOf(cases: readonly QualityCase[], kind: BoundKind, alpha: number): { covered: number; n: number } {
  let [covered, n] = [0, 0];
  for (const [fold, { rest, part }] of foldsOf(cases).entries()) {
    const start = Math.floor((fold * rest.length) / FOLDS);
    const bound = drawBound([...rest.slice(start), ...rest.slice(0, start)], kind, alpha);
    for (const { passes } of part) {
      const [{ signals, dice }] = passes;
      const atLeast = lowerBound(bound, signals);
      if (atLeast === null) continue;
      n++;
      covered += Number(meanOf(dice) >= atLeast[0]);
    }
  }
  return { covered, n };
}
