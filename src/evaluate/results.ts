import { csvOf } from '../files/csv.js';
import type { Metric, PairedDifferences } from './compare.js';
import type { Evaluated, JudgedMethod } from './evaluation.js';
import type { ShiftHarm } from './harm.js';

/** Columns of results.csv and of the table: name, and what it shows. */
const columns: readonly (readonly [string, (m: JudgedMethod) => number | null])[] = [
  ['auroc', (m) => m.auroc],
  ['aupr_ood', (m) => m.auprOod],
  ['aupr_id', (m) => m.auprId],
  ['conformal_detection_error', (m) => m.conformal.detectionError],
  ['conformal_fpr', (m) => m.conformal.fpr],
  ['conformal_id_rejected', (m) => m.conformal.idRejected],
  ['conformal_ood_accepted', (m) => m.conformal.oodAccepted],
  ['conformal_silent_failures', (m) => m.conformal.silentFailures.length],
  ['conformal_false_alarms', (m) => m.conformal.falseAlarms.length],
  ['shifted_id', (m) => m.shiftedId?.n ?? null],
  ['shifted_id_flagged', (m) => m.shiftedId?.flagged.length ?? null],
  ['detection_error', (m) => m.validation.detectionError],
  ['fpr', (m) => m.validation.fpr],
  ['id_rejected', (m) => m.validation.idRejected],
  ['ood_accepted', (m) => m.validation.oodAccepted],
  ['detection_error_test_roc', (m) => m.testRoc.detectionError],
  ['fpr95', (m) => m.testRoc.fpr],
  ['esce', (m) => m.calibrationError?.esce ?? null],
  ['aurc', (m) => m.failure?.aurc ?? null],
  ['eaurc', (m) => m.failure?.eaurc ?? null],
  ['augrc', (m) => m.failure?.augrc ?? null],
  ['spearman', (m) => m.spearman],
  ['pearson', (m) => m.pearson],
  ['admitted', (m) => m.admitted.n],
  ['coverage', (m) => m.admitted.coverage],
  ['admitted_dice_mean', (m) => m.admitted.diceMean],
  ['admitted_dice_sd', (m) => m.admitted.diceSd],
  ['silent_failures', (m) => m.silentFailures.length],
  ['false_alarms', (m) => m.falseAlarms.length],
  ['size_correlation', (m) => m.sizeCorrelation],
  ['passes', (m) => m.passes],
];

/** Metrics with an interval, as columns of results.csv name them. */
const withInterval: readonly (readonly [string, Metric])[] = [
  ['auroc', 'auroc'],
  ['conformal_detection_error', 'conformalDetectionError'],
  ['conformal_fpr', 'conformalFpr'],
  ['detection_error', 'detectionError'],
  ['fpr', 'fpr'],
  ['aurc', 'aurc'],
  ['augrc', 'augrc'],
  ['spearman', 'spearman'],
];

/**
 * A line a detector, all its numbers; with low and high of the intervals that there are, and the
 * differences to the detector that was named, if one was.
 */
export function resultsCsv({ methods, comparison: { intervals, against } }: Evaluated): string {
  const head = [
    'detector',
    ...columns.map(([name]) => name),
    ...withInterval.flatMap(([name]) => [`${name}_low`, `${name}_high`]),
    ...(against ? withInterval : []).flatMap(([name]) =>
      ['', '_low', '_high'].map((end) => `${name}_difference${end}`),
    ),
  ];
  const rows = methods.map((m) => [
    m.name,
    ...columns.map(([, of]) => of(m)),
    ...withInterval.flatMap(([, metric]) => {
      const interval = intervals[m.name]?.[metric];
      return [interval?.low ?? null, interval?.high ?? null];
    }),
    ...(against ? withInterval : []).flatMap(([, metric]) => {
      const difference = against!.differences[m.name]?.[metric];
      return [difference?.value ?? null, difference?.low ?? null, difference?.high ?? null];
    }),
  ]);
  return csvOf([head, ...rows]);
}

/** A line a scan: what it is, its Dice, and the score of every detector. */
export function casesCsv(methods: readonly JudgedMethod[]): string {
  const [first] = methods;
  const head = ['case', 'split', 'group', 'shift', 'dataset', 'dice', ...methods.map(({ name }) => name)];
  const rows = (first?.cases ?? []).map((c, i) => [
    c.case,
    c.split,
    c.group,
    c.shift,
    c.dataset,
    c.dice,
    ...methods.map(({ cases }) => cases[i].score),
  ]);
  return csvOf([head, ...rows]);
}

/** Cells as they are printed. */
export interface TableOfText {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const digits = (value: number | null): string => (value === null ? '-' : value.toFixed(3));

/**
 * What each shift takes from the Dice, and how much of it a detector flags at its conformal
 * boundary. Without a truth there is no Dice to take from.
 */
export function shiftsTable(shifts: readonly ShiftHarm[], { name, cases, conformal }: JudgedMethod): TableOfText {
  const truth = shifts.some(({ dice }) => dice !== null);
  return {
    head: ['shift', 'data set', 'scans', ...(truth ? ['Dice', 'drop', 'harmful'] : []), `flagged by ${name}`],
    rows: shifts.map(({ group, shift, dataset, n, dice, drop, harmful }) => {
      const flagged = cases.filter(
        (c) => c.group === group && c.shift === shift && c.dataset === dataset && c.score > conformal.boundary,
      );
      const told = drop === null ? '-' : harmful ? 'yes' : 'no';
      const called = group === 'ood' ? shift || '-' : `${shift || '-'} (shifted-id)`;
      const harm = truth ? [digits(dice), digits(drop), told] : [];
      return [called, dataset || '-', String(n), ...harm, String(flagged.length)];
    }),
  };
}

/**
 * What every other detector has more than the one that was named, the one with most AUROC first; *
 * where the interval does not hold 0.
 */
export function differencesTable({ method, differences }: PairedDifferences): TableOfText {
  const shown: readonly (readonly [string, Metric])[] = [
    ['AUROC', 'auroc'],
    ['Det. Error', 'conformalDetectionError'],
    ['FPR', 'conformalFpr'],
    ['AURC', 'aurc'],
  ];
  const sorted = Object.entries(differences).toSorted(
    ([, a], [, b]) => (b.auroc?.value ?? -1) - (a.auroc?.value ?? -1),
  );
  return {
    head: [`minus ${method}`, ...shown.map(([title]) => title)],
    rows: sorted.map(([name, of]) => {
      const cells = shown.map(([, metric]) => {
        const found = of[metric];
        if (!found) return '-';
        const mark = found.low > 0 || found.high < 0 ? '*' : '';
        return `${signed(found.value)}${mark} (${signed(found.low)} to ${signed(found.high)})`;
      });
      return [name, ...cells];
    }),
  };
}

const signed = (value: number): string => `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`;

/** A column of the table that people read. */
export interface ResultsColumn {
  readonly title: string;
  /** Which metric it is, where that has an interval and a best. */
  readonly metric: Metric | null;
  /** Which boundary it is about; null where no boundary changes it. */
  readonly boundary: 'conformal' | 'paper' | null;
  /** What a cohort has to have for it to say something. */
  readonly needs: 'truth' | 'shifted-id' | null;
  cell(m: JudgedMethod): string;
  /** What stands smaller beside it. */
  readonly note: ((m: JudgedMethod) => string) | null;
}

const column = (
  title: string,
  cell: (m: JudgedMethod) => string,
  { metric = null, boundary = null, needs = null, note = null }: Partial<Omit<ResultsColumn, 'title' | 'cell'>> = {},
): ResultsColumn => ({ title, metric, boundary, needs, cell, note });

const counted = (count: number, of: number): string => `${count}/${of}`;

/**
 * The columns that people read: first what follows from the conformal boundary, which is what
 * `score` will do, then what no boundary changes, then the paper's boundary by name.
 */
const RESULTS_COLUMNS: readonly ResultsColumn[] = [
  column('Det. Error', (m) => digits(m.conformal.detectionError), {
    metric: 'conformalDetectionError',
    boundary: 'conformal',
  }),
  column('FPR', (m) => digits(m.conformal.fpr), { metric: 'conformalFpr', boundary: 'conformal' }),
  column('ID rejected', (m) => counted(m.conformal.idRejected, m.conformal.id), { boundary: 'conformal' }),
  column('silent', (m) => String(m.conformal.silentFailures.length), { boundary: 'conformal', needs: 'truth' }),
  column('alarms', (m) => String(m.conformal.falseAlarms.length), { boundary: 'conformal' }),
  column('shifted-id flagged', ({ shiftedId: s }) => (s ? counted(s.flagged.length, s.n) : '-'), {
    boundary: 'conformal',
    needs: 'shifted-id',
  }),
  column('Dice admitted', (m) => digits(m.conformal.admitted.diceMean), {
    boundary: 'conformal',
    needs: 'truth',
    note: (m) => `n ${m.conformal.admitted.n}`,
  }),
  column('AUROC', (m) => digits(m.auroc), { metric: 'auroc' }),
  column('AURC', (m) => digits(m.failure?.aurc ?? null), { metric: 'aurc', needs: 'truth' }),
  column('Spearman', (m) => digits(m.spearman), { metric: 'spearman', needs: 'truth' }),
  column('ESCE', (m) => digits(m.calibrationError?.esce ?? null), { needs: 'truth' }),
  column('Det. Error', (m) => digits(m.validation.detectionError), { metric: 'detectionError', boundary: 'paper' }),
  column('FPR', (m) => digits(m.validation.fpr), { metric: 'fpr', boundary: 'paper' }),
  column('ID rejected', (m) => counted(m.validation.idRejected, m.validation.id), { boundary: 'paper' }),
  column('silent', (m) => String(m.silentFailures.length), { boundary: 'paper', needs: 'truth' }),
  column('alarms', (m) => String(m.falseAlarms.length), { boundary: 'paper' }),
  column('passes', (m) => String(m.passes)),
];

/** The columns that say something of a cohort: without a truth, none about the Dice. */
export function resultsColumns(methods: readonly JudgedMethod[]): readonly ResultsColumn[] {
  const has = {
    truth: methods.some(({ failure }) => failure !== null),
    'shifted-id': methods.some(({ shiftedId }) => shiftedId !== null),
  };
  return RESULTS_COLUMNS.filter(({ needs }) => needs === null || has[needs]);
}

/** Best AUROC first. */
export const ranked = (methods: readonly JudgedMethod[]): JudgedMethod[] =>
  methods.toSorted((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0));

/**
 * The rows that people read, best AUROC first: Table 1 of the paper and what is asked of a failure
 * detector today.
 */
export function resultsTable({ methods, comparison: { best } }: Evaluated): TableOfText {
  const mark = (m: JudgedMethod, metric: Metric) => {
    const found = best[metric];
    if (found?.method === m.name) return found.indistinguishable.length === 0 ? '*' : '+';
    return found?.indistinguishable.includes(m.name) ? '+' : '';
  };
  const shown = resultsColumns(methods);
  return {
    head: ['detector', ...shown.map(({ title, boundary }) => (boundary === 'paper' ? `paper’s ${title}` : title))],
    rows: ranked(methods).map((m) => [
      m.name,
      ...shown.map(
        ({ metric, cell, note }) => cell(m) + (metric ? mark(m, metric) : '') + (note ? ` (${note(m)})` : ''),
      ),
    ]),
  };
}
