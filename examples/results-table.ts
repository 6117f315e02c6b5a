/**
 * The tables of docs/results.md, as Markdown, out of what `segcanary evaluate` wrote:
 *
 *     npx tsx examples/results-table.ts results.json [all|harmful|shifts|flagged] [PATTERN] [paper]
 *
 * What depends on a boundary is at the conformal one, which `score` goes by; `paper` at the end
 * takes the paper's. Results of before that was rated have the paper's alone.
 *
 * PATTERN is a regular expression that the detector's name has to match; for `shifts`, the name of
 * the detector whose flags are counted. `flagged` has a row a shift and data set and a column a
 * detector.
 */
import { readFileSync } from 'node:fs';
import type { Evaluation, JudgedMethod } from 'segcanary';

const [path = 'results.json', which = 'all', pattern = '', boundary = 'conformal'] = process.argv.slice(2);
const results = JSON.parse(readFileSync(path, 'utf8')) as Evaluation;

/** Rows so far, so that the first is followed by the line under it. */
let rows = 0;
if (which === 'shifts') shifts(results.methods.find(({ name }) => name === pattern) ?? results.methods[0]);
else if (which === 'flagged') flagged(results.methods.filter(({ name }) => new RegExp(pattern).test(name)));
else detectors(which === 'harmful' ? results.harmful : results);

/** What a detector does at the boundary that was asked for. */
function atBoundary(m: JudgedMethod) {
  const { validation, admitted, silentFailures, falseAlarms } = m;
  return boundary === 'paper'
    ? { ...validation, admitted, silentFailures, falseAlarms }
    : (m.conformal ?? { ...validation, admitted, silentFailures, falseAlarms });
}

function detectors(evaluated: Pick<Evaluation, 'methods' | 'comparison'> | null): void {
  if (!evaluated) throw new Error(`${path}: all of its shifts do harm, or none does.`);
  const { methods, comparison } = evaluated;
  const shown = methods.filter(({ name }) => new RegExp(pattern).test(name));
  print([
    'detector',
    'Det. Error',
    'FPR',
    'ID rejected',
    'ESCE',
    'Dice of admitted (n)',
    'AUROC',
    'FPR@95TPR',
    'AURC',
    'AUGRC',
    'Spearman',
    'silent',
    'alarms',
  ]);
  for (const m of shown.toSorted((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0))) {
    const interval = (metric: 'auroc' | 'detectionError' | 'fpr' | 'conformalDetectionError' | 'conformalFpr') => {
      const found = comparison.intervals[m.name]?.[metric];
      return found ? ` (${digits(found.low)}–${digits(found.high)})` : '';
    };
    const at = atBoundary(m);
    const paper = boundary === 'paper' || !m.conformal;
    print([
      `\`${m.name}\``,
      digits(at.detectionError) + interval(paper ? 'detectionError' : 'conformalDetectionError'),
      digits(at.fpr) + interval(paper ? 'fpr' : 'conformalFpr'),
      `${at.idRejected} of ${at.id}`,
      digits(m.calibrationError?.esce),
      `${digits(at.admitted.diceMean)} ± ${digits(at.admitted.diceSd)} (${at.admitted.n})`,
      digits(m.auroc) + interval('auroc'),
      digits(m.testRoc.fpr),
      digits(m.failure?.aurc),
      digits(m.failure?.augrc),
      digits(m.spearman),
      String(at.silentFailures.length),
      String(at.falseAlarms.length),
    ]);
  }
}

/** How many scans of each shift and data set every detector flags. */
function flagged(methods: readonly JudgedMethod[]): void {
  print(['shift', 'scans', 'Dice', ...methods.map(({ name }) => `\`${name}\``)]);
  for (const { shift, dataset, n, dice } of results.shifts) {
    const counts = methods.map(
      (m) =>
        m.cases.filter((c) => c.shift === shift && c.dataset === dataset && c.score > atBoundary(m).boundary).length,
    );
    print([[shift, dataset].filter(Boolean).join(', '), String(n), digits(dice), ...counts.map(String)]);
  }
}

/** A row a shift, the grades side by side: Dice, and how many of the scans are flagged. */
function shifts(method: JudgedMethod): void {
  const { boundary } = atBoundary(method);
  const datasets = [...new Set(results.shifts.map(({ dataset }) => dataset))];
  print(['shift', ...datasets.flatMap((d) => [`${d}: Dice`, 'flagged'])]);
  for (const shift of new Set(results.shifts.map((s) => s.shift))) {
    const cells = datasets.flatMap((dataset) => {
      const found = results.shifts.find((s) => s.shift === shift && s.dataset === dataset);
      if (!found) return ['', ''];
      const flagged = method.cases.filter(
        (c) => c.group === 'ood' && c.shift === shift && c.dataset === dataset && c.score > boundary,
      );
      const dice = digits(found.dice);
      return [found.harmful ? `**${dice}**` : dice, `${flagged.length} of ${found.n}`];
    });
    print([shift, ...cells]);
  }
}

function print(cells: readonly string[]): void {
  console.log(`| ${cells.join(' | ')} |`);
  if (rows++ === 0) console.log(`|${'---|'.repeat(cells.length)}`);
}

function digits(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : value.toFixed(3).replace(/^(-?)0\./, '$1.');
}
