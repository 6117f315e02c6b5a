import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMPARED, type Comparison, type Metric } from '../evaluate/compare.js';
import type { Evaluation, JudgedMethod } from '../evaluate/evaluation.js';
import type { ShiftHarm } from '../evaluate/harm.js';
import { differencesTable } from '../evaluate/results.js';
import { riskCoverageCurve } from '../evaluate/risk-coverage.js';
import type { NotablePicture } from './pictures.js';

/** What the page shows. */
export interface EvaluationReport extends Evaluation {
  readonly title: string;
  readonly tau: number;
  /** A drop of the mean Dice of more than this is harm. */
  readonly margin: number;
  readonly resamples: number;
  /** Dice of every label, by case. */
  readonly dice: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Seconds and bytes of every scan, all passes together. */
  readonly seconds: Readonly<Record<string, number>>;
  readonly peakMemory: Readonly<Record<string, number>>;
  /** Whose pictures these are: a title. */
  readonly pictured: string | null;
  readonly pictures: readonly NotablePicture[];
  /** One sentence each. */
  readonly failures: readonly string[];
}

/**
 * The report of an evaluation: one HTML file that opens offline, script and style inside. Table 1
 * for the cohort, Dice against uncertainty, risk-coverage, scores by shift, calibration, silent
 * failures and false alarms by name.
 */
export async function evaluationHtml(report: EvaluationReport): Promise<string> {
  const asset = (name: string) =>
    readFile(fileURLToPath(new URL(`../../assets/report/${name}`, import.meta.url)), 'utf8');
  const chartJs = join(dirname(createRequire(import.meta.url).resolve('chart.js')), 'chart.umd.min.js');
  const [css, script, chart] = await Promise.all([asset('page.css'), asset('page.js'), readFile(chartJs, 'utf8')]);
  const sorted = report.methods.toSorted((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0));
  const [first] = sorted;
  const test = first?.cases.filter((c) => c.split === 'test') ?? [];
  const count = (group: string) => test.filter((c) => c.group === group).length;
  const options = sorted.map((m) => `<option value="${escapeHtml(m.name)}">${escapeHtml(m.title)}</option>`).join('');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.title)}</title>
<style>${css}</style>
</head>
<body>
<main>
<h1>${escapeHtml(report.title)}</h1>
<p>${count('id')} in-distribution and ${count('ood')} out-of-distribution test scans. Boundaries keep 95 % of the validation scans; a segmentation with a Dice below ${report.tau} has failed.
Small print under a number is its 95 % interval over ${report.resamples} resamples of the test scans; shaded are the best and whatever cannot be told from it.</p>
${report.failures.length > 0 ? `<p>Left out: ${report.failures.map(escapeHtml).join(' ')}</p>` : ''}
<div class="wide" id="table">${tableHtml(sorted, report.comparison)}</div>
<p class="soft">${costOf(report)}</p>
${harmfulHtml(report)}
${differencesHtml(report)}
<h2><label for="method">One detector</label></h2>
<p><select id="method">${options}</select></p>
<p class="soft" id="formula"></p>
<div class="charts">
${plot('quadrants', 'Dice against uncertainty', 'Lower left: silent failures. Click a scan.')}
${plot('strips', 'Scores by shift', 'The line is the boundary.')}
${plot('coverage', 'Risk and coverage', 'Grey: the best of the other detectors; dotted: the perfect order; dashed: chance.')}
${plot('datasets', 'Dice by data set', 'Every test scan with a truth, and the mean of each data set.')}
${plot('calibration', 'Calibration', 'Bars of equal height are what the ESCE asks for.')}
</div>
<p id="case" class="soft" aria-live="polite">Click a scan in one of the plots.</p>
<h2>Shifts</h2>
<p>Harmful is a shift that takes more than ${report.margin} from the mean Dice of the in-distribution test scans.</p>
<div class="wide" id="shifts">${shiftsHtml(report.shifts)}</div>
${picturesHtml(report)}
<h2>Mistakes</h2>
<p><strong>Silent failures:</strong> <span id="silent"></span></p>
<p><strong>False alarms:</strong> <span id="alarms"></span></p>
</main>
<script type="application/json" id="data">${dataOf(report)}</script>
<script>${chart.replaceAll('</script', '<\\/script')}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Rows of a table that are seen at first. */
const SHOWN = 20;

const columns: readonly (readonly [string, Metric | null, (m: JudgedMethod) => string])[] = [
  ['Det. Error', 'detectionError', (m) => digits(m.validation.detectionError)],
  ['FPR', 'fpr', (m) => digits(m.validation.fpr)],
  ['ESCE', null, (m) => digits(m.calibrationError?.esce ?? null)],
  ['Dice of admitted', null, (m) => `${digits(m.admitted.diceMean)} ± ${digits(m.admitted.diceSd)} (${m.admitted.n})`],
  ['AUROC', 'auroc', (m) => digits(m.auroc)],
  ['FPR@95TPR (test)', null, (m) => digits(m.testRoc.fpr)],
  ['AURC', 'aurc', (m) => digits(m.failure?.aurc ?? null)],
  ['AUGRC', 'augrc', (m) => digits(m.failure?.augrc ?? null)],
  ['Spearman', 'spearman', (m) => digits(m.spearman)],
  ['silent', null, (m) => String(m.silentFailures.length)],
  ['alarms', null, (m) => String(m.falseAlarms.length)],
  ['passes', null, (m) => String(m.passes)],
];

function tableHtml(methods: readonly JudgedMethod[], { intervals, best }: Comparison): string {
  const head = columns.map(([title, metric]) => `<th scope="col">${title}${metric ? arrow(metric) : ''}</th>`).join('');
  const rows = methods.map((m, i) => {
    const cells = columns.map(([, metric, of]) => {
      const interval = metric && intervals[m.name]?.[metric];
      const small = interval ? `<small>${digits(interval.low)} to ${digits(interval.high)}</small>` : '';
      const found = metric && best[metric];
      const good = found && (found.method === m.name || found.indistinguishable.includes(m.name));
      return `<td${good ? ' class="best"' : ''}>${of(m)}${small}</td>`;
    });
    const name = escapeHtml(m.name);
    return `<tr data-name="${name}"${i >= SHOWN ? ' class="more"' : ''}><td><button class="row" data-name="${name}">${escapeHtml(m.title)}</button></td>${cells.join('')}</tr>`;
  });
  const more = methods.length > SHOWN ? `<p><button class="all">Show all ${methods.length} detectors</button></p>` : '';
  return `<table><thead><tr><th scope="col">detector</th>${head}</tr></thead><tbody>${rows.join('')}</tbody></table>${more}`;
}

/** The same table over the shifts that do harm. */
function harmfulHtml({ harmful, margin }: EvaluationReport): string {
  if (!harmful) return '';
  const sorted = harmful.methods.toSorted((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0));
  return `<h2>On the shifts that harm</h2>
<p>In-distribution scans against those of shifts that take more than ${margin} from the mean Dice: the ones that have to be caught.</p>
<div class="wide">${tableHtml(sorted, harmful.comparison)}</div>`;
}

/** Paired differences to the detector that was named, over all shifts and over those that harm. */
function differencesHtml({ comparison, harmful, methods }: EvaluationReport): string {
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
      return [
        `<h2>Against ${escapeHtml(titles.get(against.method)!)}, over ${over}</h2>
<p>What each of the others has more, on the same scans; marked where the 95 % interval does not hold 0.</p>
<div class="wide"><table><thead><tr>${['detector', ...head.slice(1)].map((h) => `<th scope="col">${h}</th>`).join('')}</tr></thead><tbody>${rows.map((row, i) => `<tr${i >= SHOWN ? ' class="more"' : ''}>${cells(row)}</tr>`).join('')}</tbody></table>${rows.length > SHOWN ? `<p><button class="all">Show all ${rows.length} detectors</button></p>` : ''}</div>`,
      ];
    })
    .join('');
}

function shiftsHtml(shifts: readonly ShiftHarm[]): string {
  const rows = shifts.map(
    ({ shift, dataset, n, dice, drop, harmful }, i) =>
      `<tr><td>${escapeHtml(shift || '–')}</td><td>${escapeHtml(dataset || '–')}</td><td>${n}</td><td>${digits(dice)}</td><td>${digits(drop)}</td><td>${drop === null ? '–' : harmful ? 'yes' : 'no'}</td><td id="flagged-${i}"></td></tr>`,
  );
  return `<table><thead><tr>${['shift', 'data set', 'scans', 'Dice', 'drop', 'harmful', 'flagged'].map((h) => `<th scope="col">${h}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table>`;
}

function picturesHtml({ pictured, pictures }: EvaluationReport): string {
  if (pictures.length === 0 || pictured === null) return '';
  const figures = pictures.map(
    ({ title, caption, segmented, uncertain }) =>
      `<figure><div><img src="${segmented}" alt="Segmentation and truth outlined"><img src="${uncertain}" alt="The uncertainty map"></div><figcaption><b>${escapeHtml(title)}</b><br>${escapeHtml(caption)}</figcaption></figure>`,
  );
  return `<h2>Seen by ${escapeHtml(pictured)}</h2>
<p>The slice where the network’s segmentation (blue) and the truth (yellow) differ most; at the right the uncertainty map, orange from the boundary on, full where it is highest.</p>
<div class="figures">${figures.join('')}</div>`;
}

/** What a scan cost, in a sentence. */
function costOf({ seconds, peakMemory, methods }: EvaluationReport): string {
  const times = Object.values(seconds).toSorted((a, b) => a - b);
  if (times.length === 0) return '';
  const most = Math.max(...Object.values(peakMemory)) / 1e6;
  const passes = Math.max(...methods.map((m) => m.passes));
  return `A scan took ${times[Math.floor(times.length / 2)].toFixed(1)} s (median; up to ${times.at(-1)!.toFixed(1)} s), all passes of all detectors together (${passes === 1 ? 'one' : `up to ${passes} a detector`}), and at most ${most.toFixed(0)} MB of memory.`;
}

const arrow = (metric: Metric): string => (COMPARED[metric] === 'higher' ? ' ↑' : ' ↓');

const plot = (id: string, title: string, hint: string): string =>
  `<section><h3>${title}</h3><p class="soft">${hint}</p><div class="plot"><canvas id="${id}" role="img" aria-label="${title}"></canvas></div></section>`;

/** Safe inside a script element. */
function dataOf({ methods, tau, dice, shifts }: EvaluationReport): string {
  const known = (m: JudgedMethod) => m.cases.filter((c) => c.split === 'test' && c.dice !== null);
  const curve = (cases: readonly { score: number; risk: number }[]) =>
    riskCoverageCurve(cases).map(({ coverage, selectiveRisk }) => [coverage, selectiveRisk]);
  const risks = methods[0] ? known(methods[0]).map((c) => 1 - c.dice!) : [];
  const mean = risks.reduce((sum, r) => sum + r, 0) / risks.length;
  const data = {
    tau,
    dice,
    shifts: shifts.map(({ shift, dataset }) => ({ shift, dataset })),
    // As in the table: the best first.
    methods: methods
      .toSorted((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0))
      .map((m) => ({
        ...m,
        curve: risks.length > 0 ? curve(known(m).map((c) => ({ score: c.score, risk: 1 - c.dice! }))) : null,
      })),
    optimal: curve(risks.toSorted((a, b) => a - b).map((risk, score) => ({ score, risk }))),
    chance: [
      [0, mean],
      [1, mean],
    ],
  };
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

const digits = (value: number | null): string => (value === null ? '–' : value.toFixed(3));

const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
