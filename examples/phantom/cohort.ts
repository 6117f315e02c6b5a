import { generatePhantom, type Phantom } from './phantom.js';
import { type Severity, SHIFTS } from './shifts/index.js';
import { sites } from './sites.js';

export type Group = 'train' | 'calibration' | 'test' | 'shifted';

/** One case of a cohort. The phantom is made when it is asked for. */
export interface CohortCase {
  readonly name: string;
  readonly group: Group;
  /** `none`, or the shift's name. */
  readonly shift: string;
  /** 0 without a shift. */
  readonly severity: number;
  make(): Phantom;
}

/** Cases a group. */
export type CohortSizes = Readonly<Record<Exclude<Group, 'shifted'>, number>> & {
  /** Cases of each shift and severity. */
  readonly shifted: number;
};

/**
 * The seeds of the groups lie far apart, so that no phantom is in two of them, whatever the sizes.
 */
const FIRST_SEED: Readonly<Record<Group, number>> = {
  train: 1000,
  calibration: 200_000,
  test: 400_000,
  shifted: 600_000,
};

/**
 * The cohort that the network was trained and tested on, and the demo's: case i of a group is the
 * same whatever the sizes.
 */
export function cohort(sizes: CohortSizes): CohortCase[] {
  const plain = (group: Exclude<Group, 'shifted'>) =>
    Array.from(
      { length: sizes[group] },
      (_, i): CohortCase => ({
        name: `${group}_${String(i).padStart(3, '0')}`,
        group,
        shift: 'none',
        severity: 0,
        make: () => phantomOf(group, i),
      }),
    );
  const shifted = SHIFTS.flatMap((shift, s) =>
    ([1, 2, 3] as Severity[]).flatMap((severity) =>
      Array.from({ length: sizes.shifted }, (_, i): CohortCase => {
        const number = 100 * s + 10 * severity + i;
        return {
          name: `${shift.name}_${severity}${sizes.shifted > 1 ? String.fromCharCode(97 + i) : ''}`,
          group: 'shifted',
          shift: shift.name,
          severity,
          make: () => shift.apply(phantomOf('shifted', number), severity, number),
        };
      }),
    ),
  );
  return [...plain('train'), ...plain('calibration'), ...plain('test'), ...shifted];
}

const phantomOf = (group: Group, i: number): Phantom =>
  generatePhantom({ seed: FIRST_SEED[group] + i, site: sites[i % sites.length] });
