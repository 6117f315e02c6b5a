import { generatePhantom, type Phantom } from '../phantom.js';
import { type Severity, SHIFTS, type Shift } from '../shifts/index.js';
import { SIMULATED } from '../shifts/simulated.js';
import { sites } from '../sites.js';

/** A row of the experiment's cohort. */
export interface ExperimentCase {
  readonly name: string;
  readonly split: 'train' | 'val' | 'test';
  readonly group: 'id' | 'ood';
  /** Empty without one. */
  readonly shift: string;
  /** In the reports, phantoms of a grade are a data set. */
  readonly dataset: string;
  make(): Phantom;
}

/**
 * Two cohorts for one network: detectors are chosen and tuned on `development`; `test` is scored
 * once. They share the training scans, which are those that the network was trained on, and nothing
 * else.
 */
export type ExperimentName = 'development' | 'test';

/**
 * Every shift: those of `segcanary simulate`, but for thick slices, which a phantom can have on a
 * grid of their own; stacks in the wrong order; MR.
 */
export const EXPERIMENT_SHIFTS: readonly Shift[] = [
  ...SIMULATED.filter(({ name }) => name !== 'thick-slices'),
  ...SHIFTS.filter(({ name }) => ['thick-slices', 'flipped-z', 'mr-contrast'].includes(name)),
];

const GRADES = ['slight', 'clear', 'gross'] as const;

/** Far apart, and far from the seeds of the demo and of the network's own test. */
const SEEDS: Readonly<Record<ExperimentName, { readonly val: number; readonly id: number; readonly ood: number }>> = {
  development: { val: 200_000, id: 800_000, ood: 900_000 },
  test: { val: 3_200_000, id: 3_400_000, ood: 3_600_000 },
};

const SIZES: Readonly<Record<ExperimentName, { readonly val: number; readonly id: number; readonly ood: number }>> = {
  development: { val: 20, id: 12, ood: 1 },
  test: { val: 40, id: 60, ood: 4 },
};

/**
 * Frozen: a change here makes another experiment. 72 training scans; 20 validation, 12 and 39 test
 * scans for development, 40, 60 and 156 for the test. The seeds of the test are not those of the
 * versions before "Right by default", whose scans had been looked at.
 */
export function experimentCohort(name: ExperimentName): ExperimentCase[] {
  const [seeds, sizes] = [SEEDS[name], SIZES[name]];
  const plain = (split: ExperimentCase['split'], count: number, first: number) =>
    Array.from(
      { length: count },
      (_, i): ExperimentCase => ({
        name: split === 'train' ? nameOf('train', i) : nameOf(`${name}-${split}`, i),
        split,
        group: 'id',
        shift: '',
        dataset: 'as trained',
        make: () => phantomOf(first, i),
      }),
    );
  const shifted = EXPERIMENT_SHIFTS.flatMap((shift, s) =>
    GRADES.flatMap((grade, g) =>
      Array.from({ length: sizes.ood }, (_, i): ExperimentCase => {
        const seed = 100 * s + 10 * g + i;
        return {
          name: nameOf(`${name}-${shift.name}-${g + 1}`, i),
          split: 'test',
          group: 'ood',
          shift: shift.name,
          dataset: grade,
          make: () => shift.apply(phantomOf(seeds.ood, seed), (g + 1) as Severity, seed),
        };
      }),
    ),
  );
  return [
    ...plain('train', 72, 1000),
    ...plain('val', sizes.val, seeds.val),
    ...plain('test', sizes.id, seeds.id),
    ...shifted,
  ];
}

const nameOf = (group: string, i: number): string => `${group}_${String(i).padStart(3, '0')}`;

/** Sites take turns, so that four of a kind are of four sites. */
const phantomOf = (first: number, i: number): Phantom =>
  generatePhantom({ seed: first + i, site: sites[i % sites.length] });
