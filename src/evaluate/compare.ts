import { type Boundaries, calibrate } from '../detectors/calibration.js';
import { type Interval, percentileInterval, stratifiedResamples } from './bootstrap.js';
import { spearman } from './correlation.js';
import type { ScoredCase } from './judge.js';
import { detectionErrorInterval, wilsonInterval } from './proportions.js';
import { auroc, detectionError, falsePositiveRate, rejectionsAt } from './ranking.js';
import { riskCoverageAreas } from './risk-coverage.js';
import { atOnce, type Steps } from './steps.js';

/**
 * Metrics that get an interval, and whether more is better. Detection Error and FPR are at the
 * paper's boundary, and at the conformal one where they say so.
 */
export const COMPARED = {
  auroc: 'higher',
  conformalDetectionError: 'lower',
  conformalFpr: 'lower',
  detectionError: 'lower',
  fpr: 'lower',
  aurc: 'lower',
  augrc: 'lower',
  spearman: 'lower',
} as const;
export type Metric = keyof typeof COMPARED;

export interface Comparison {
  /**
   * For every method: the interval of each metric, null where it is not defined. Rates have
   * Wilson's and Newcombe's, the others the bootstrap's.
   */
  readonly intervals: Readonly<Record<string, Readonly<Record<Metric, Interval | null>>>>;
  /**
   * For every metric: the best method on the cohort, and those whose paired difference to it has an
   * interval that holds 0. Alone, it is the winner.
   */
  readonly best: Readonly<
    Record<Metric, { readonly method: string; readonly indistinguishable: readonly string[] } | null>
  >;
  /** The paired differences of all other methods to one that was named; null where none was. */
  readonly against: PairedDifferences | null;
}

/** What every other method has more than one method, on the same scans. */
export interface PairedDifferences {
  readonly method: string;
  /**
   * By the other's name. An interval that holds 0 tells the two not apart; null where the metric is
   * not defined for both.
   */
  readonly differences: Readonly<Record<string, Readonly<Record<Metric, PairedDifference | null>>>>;
}

/** A difference on the cohort as it is, and the interval of the bootstrap. */
export interface PairedDifference extends Interval {
  readonly value: number;
}

export interface CompareOptions {
  readonly resamples: number;
  readonly seed: number;
  /**
   * Name of the method that all others are compared with. One that is not there gives no
   * differences.
   * @default none
   */
  readonly against?: string | undefined;
}

/**
 * Stratified, seeded, paired bootstrap over the test scans (ID and OOD apart): the same resamples
 * for every method. Boundaries stay those of the validation scans.
 */
export function compare(methods: Readonly<Record<string, readonly ScoredCase[]>>, options: CompareOptions): Comparison {
  return atOnce(comparing(methods, options));
}

/** The same, resample by resample: `inTurns` lets timers and signals have theirs meanwhile. */
export function* comparing(
  methods: Readonly<Record<string, readonly ScoredCase[]>>,
  options: CompareOptions,
): Steps<Comparison> {
  const names = Object.keys(methods);
  const tests = names.map((name) => {
    const test = methods[name].filter((c) => c.split === 'test');
    const { boundary } = calibrate(methods[name].filter((c) => c.split === 'val'));
    return { boundary, id: test.filter((c) => c.group === 'id'), ood: test.filter((c) => c.group === 'ood') };
  });
  const point = tests.map((t) => metricsOf(t.id, t.ood, t.boundary));
  const drawn = tests.map(() => [] as Record<Metric, number>[]);
  const sizes = tests[0] ? [tests[0].id.length, tests[0].ood.length] : [];
  for (const [idDraw, oodDraw] of stratifiedResamples(sizes, options.resamples, options.seed)) {
    tests.forEach(({ id, ood, boundary }, m) => {
      drawn[m].push(
        metricsOf(
          idDraw.map((i) => id[i]),
          oodDraw.map((i) => ood[i]),
          boundary,
        ),
      );
    });
    yield;
  }
  const metrics = Object.keys(COMPARED) as Metric[];
  const intervals = tests.map(({ id, ood, boundary }, m) => {
    const countsAt = (at: number) => rejectionsAt(at, scoresOf(id), scoresOf(ood));
    const [counts, conformal] = [countsAt(boundary.paper), countsAt(boundary.conformal)];
    return {
      ...record(metrics, (k) => percentileInterval(drawn[m].map((d) => d[k]))),
      conformalDetectionError: detectionErrorInterval(conformal),
      conformalFpr: wilsonInterval(conformal.oodAccepted, conformal.ood),
      detectionError: detectionErrorInterval(counts),
      fpr: wilsonInterval(counts.oodAccepted, counts.ood),
    };
  });
  const differenceOf = (k: Metric, m: number, reference: number) =>
    percentileInterval(drawn[m].map((d, r) => d[k] - drawn[reference][r][k]));
  const best = record(metrics, (k) => {
    const sign = COMPARED[k] === 'higher' ? -1 : 1;
    const order = names.map((_, m) => m).filter((m) => !Number.isNaN(point[m][k]));
    const [first] = order.sort((a, b) => sign * (point[a][k] - point[b][k]));
    if (first === undefined) return null;
    const indistinguishable = order.filter((m) => {
      if (m === first) return false;
      const difference = differenceOf(k, m, first);
      return difference === null || (difference.low <= 0 && difference.high >= 0);
    });
    return { method: names[first], indistinguishable: indistinguishable.map((m) => names[m]) };
  });
  const reference = names.indexOf(options.against ?? '');
  const differences = () =>
    names.flatMap((name, m) => {
      if (m === reference) return [];
      const of = (k: Metric): PairedDifference | null => {
        const interval = differenceOf(k, m, reference);
        return interval && { value: point[m][k] - point[reference][k], ...interval };
      };
      return [[name, record(metrics, of)] as const];
    });
  return {
    intervals: Object.fromEntries(names.map((name, m) => [name, intervals[m]])),
    best,
    against: reference < 0 ? null : { method: names[reference], differences: Object.fromEntries(differences()) },
  };
}

function metricsOf(
  id: readonly ScoredCase[],
  ood: readonly ScoredCase[],
  boundary: Pick<Boundaries, 'paper' | 'conformal'>,
): Record<Metric, number> {
  const counts = rejectionsAt(boundary.paper, scoresOf(id), scoresOf(ood));
  const conformal = rejectionsAt(boundary.conformal, scoresOf(id), scoresOf(ood));
  const known = [...id, ...ood].filter((c) => c.dice !== null);
  const areas = riskCoverageAreas(known.map((c) => ({ score: c.score, risk: 1 - c.dice! })));
  return {
    auroc: auroc(scoresOf(id), scoresOf(ood)),
    conformalDetectionError: detectionError(conformal),
    conformalFpr: falsePositiveRate(conformal),
    detectionError: detectionError(counts),
    fpr: falsePositiveRate(counts),
    aurc: areas.aurc,
    augrc: areas.augrc,
    spearman: spearman(
      scoresOf(known),
      known.map((c) => c.dice!),
    ),
  };
}

const scoresOf = (cases: readonly ScoredCase[]): number[] => cases.map((c) => c.score);

const record = <K extends string, T>(keys: readonly K[], of: (key: K) => T): Record<K, T> =>
  Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<K, T>;
