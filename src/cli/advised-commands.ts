import type { DetectorRecipe } from '../evaluate/evaluation.js';

/** What an evaluation was told that its detectors depend on. */
export interface EvaluatedWith {
  readonly model: string;
  readonly plans?: string | undefined;
  readonly configuration?: string | undefined;
  readonly folds?: readonly number[] | undefined;
  readonly estimator: string;
  readonly stepSize?: number | undefined;
  readonly seed: number;
}

/**
 * The commands that make a detector of an evaluation and draw its boundary, from the same scans.
 *
 * @param cohort path of the CSV
 */
export function advisedCommands({ detector, tap, fitted }: DetectorRecipe, cohort: string, flags: EvaluatedWith) {
  const { model, plans, configuration, folds = [0], estimator, stepSize, seed } = flags;
  // Whatever is the default is left out, so that what is said is what matters.
  const given = (flag: string, value: string | number | undefined | null, byDefault?: string | number) =>
    value === undefined || value === null || value === byDefault ? [] : [flag, quoted(String(value))];
  const fit = [
    ...['segcanary', 'fit', '-m', quoted(model)],
    ...given('-p', plans),
    ...given('-c', configuration),
    ...given('--fold', folds[0], 0),
    ...['--detector', quoted(detector)],
    ...given('--tap', tap),
    ...(fitted ? given('--estimator', estimator, 'ledoit-wolf') : given('--seed', seed, 0)),
    ...given('--step-size', stepSize),
    ...['--cohort', quoted(cohort), '-o', 'detector'],
  ];
  return [fit.join(' '), `segcanary calibrate -d detector --cohort ${quoted(cohort)}`];
}

/** As a shell takes it. */
const quoted = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);
