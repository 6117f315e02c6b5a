import { COMPARED, type Metric } from '../evaluate/compare.js';
import type { Evaluated, Evaluation, JudgedMethod } from '../evaluate/evaluation.js';
import type { ShiftHarm } from '../evaluate/harm.js';
import { differencesTable, type ResultsColumn, ranked, resultsColumns } from '../evaluate/results.js';
import { digits, escapeHtml } from './escape.js';

/** Rows of a table that are seen at first. */
const SHOWN = 8;

const GROUPS = {
  conformal: 'at the conformal boundary',
  none: 'whatever the boundary',
  paper: 'at the paper’s boundary',
} as const;

/** The best detectors and the advised one; all of them behind a button. */
export function resultsHtml(evaluated: Evaluated, advised: string | undefined): string {
  const sorted = ranked(evaluated.methods);
  const all = tableOf(sorted, evaluated);
  if (sorted.length <= SHOWN) return all;
  const first = sorted.filter((m, i) => i < SHOWN || m.name === advised);
  return `${tableOf(first, evaluated)}<details><summary>All ${sorted.length} detectors</summary>${all}</details>`;
}

function tableOf(
  methods: readonly JudgedMethod[],
  { comparison: { intervals, best }, methods: all }: Evaluated,
): string {
  const columns = resultsColumns(all);
  const rows = methods.map((m) => {
    const cells = columns.map(({ metric, cell, note }) => {
      const interval = metric && intervals[m.name]?.[metric];
      const beside = interval ? `${short(interval.low)} to ${short(interval.high)}` : note?.(m);
      const small = beside ? `<small>${beside}</small>` : '';
      const found = metric && best[metric];
      const good = found && (found.method === m.name || found.indistinguishable.includes(m.name));
      return `<td${good ? ' class="best"' : ''}>${cell(m)}${small}</td>`;
    });
    const name = escapeHtml(m.name);
    return `<tr data-name="${name}"><td><button class="row" data-name="${name}">${escapeHtml(m.title)}</button></td>${cells.join('')}</tr>`;
  });
  const head = columns.map(({ title, metric }) => `<th scope="col">${title}${metric ? arrow(metric) : ''}</th>`);
  return `<table class="results"><thead><tr><td></td>${groupsOf(columns)}</tr><tr><th scope="col">detector</th>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

/** What neighbouring columns have in common, above them. */
function groupsOf(columns: readonly ResultsColumn[]): string {
  const runs: { boundary: keyof typeof GROUPS; n: number }[] = [];
  for (const { boundary } of columns) {
    const last = runs.at(-1);
    if (last?.boundary === (boundary ?? 'none')) last.n++;
    else runs.push({ boundary: boundary ?? 'none', n: 1 });
  }
  // One column alone is too narrow for it.
  return runs
    .map(({ boundary, n }) => `<th scope="colgroup" colspan="${n}">${n > 1 ? GROUPS[boundary] : ''}</th>`)
    .join('');
}

/** Paired differences to the detector that was named, over all shifts and over those that harm. */
export function differencesHtml({ comparison, harmful, methods }: Evaluation): string {
  const tables = [
    ['all shifts', comparison.against],
    ['the shifts that harm', harmful?.comparison.against],
  ] as const;
  return tables
    .flatMap(([over, against]) => {
      if (!against) return [];
      const { head, rows } = differencesTable(against);
      const titles = new Map(methods.map(({ name, title }) => [name, title]));
      const cells = ([name, ...values]: readonly string[]) =>
        `<td>${escapeHtml(titles.get(name) ?? name)}</td>${values.map((v) => `<td${v.includes('*') ? ' class="best"' : ''}>${escapeHtml(v.replace('*', ''))}</td>`).join('')}`;
      const table = (shown: readonly (readonly string[])[]) =>
        `<table><thead><tr>${['detector', ...head.slice(1)].map((h) => `<th scope="col">${h}</th>`).join('')}</tr></thead><tbody>${shown.map((row) => `<tr>${cells(row)}</tr>`).join('')}</tbody></table>`;
      const all =
        rows.length > SHOWN ? `<details><summary>All ${rows.length} detectors</summary>${table(rows)}</details>` : '';
      return [
        `<h2>Against ${escapeHtml(titles.get(against.method)!)}, over ${over}</h2>
<p>What each of the others has more, on the same scans; marked where the 95 % interval does not hold 0. Detection Error and FPR are at the conformal boundary.</p>
<div class="wide">${table(rows.slice(0, SHOWN))}${all}</div>`,
      ];
    })
    .join('');
}

export function shiftsHtml(shifts: readonly ShiftHarm[]): string {
  const truth = shifts.some(({ dice }) => dice !== null);
  const rows = shifts.map(({ group, shift, dataset, n, dice, drop, harmful }, i) => {
    const called = `${shift || '–'}${group === 'shifted-id' ? ' (shifted-id)' : ''}`;
    const harm = `<td>${digits(dice)}</td><td>${digits(drop)}</td><td>${drop === null ? '–' : harmful ? 'yes' : 'no'}</td>`;
    return `<tr><td>${escapeHtml(called)}</td><td>${escapeHtml(dataset || '–')}</td><td>${n}</td>${truth ? harm : ''}<td id="flagged-${i}"></td></tr>`;
  });
  return `<table><thead><tr>${['shift', 'data set', 'scans', ...(truth ? ['Dice', 'drop', 'harmful'] : []), 'flagged'].map((h) => `<th scope="col">${h}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

const arrow = (metric: Metric): string => (COMPARED[metric] === 'higher' ? ' ↑' : ' ↓');

/** Two digits, without the 0 before them: there are many columns. */
const short = (value: number): string => value.toFixed(2).replace(/^(-?)0\./, '$1.');
