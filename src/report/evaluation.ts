import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Advice, adviceSentence } from '../evaluate/advice.js';
import type { Evaluation, JudgedMethod } from '../evaluate/evaluation.js';
import { ranked } from '../evaluate/results.js';
import { riskCoverageCurve } from '../evaluate/risk-coverage.js';
import { escapeHtml } from './escape.js';
import { differencesHtml, resultsHtml, shiftsHtml } from './evaluation-tables.js';
import type { NotablePicture } from './pictures.js';

/** What the page shows. */
export interface EvaluationReport extends Evaluation {
  readonly title: string;
  readonly tau: number;
  /** A drop of the mean Dice of more than this is harm. */
  readonly margin: number;
  readonly resamples: number;
  /** Which detector to use; null where there is nothing to rank by. */
  readonly advice: Advice | null;
  /** Whether the network's outputs could not be read. */
  readonly featuresOnly: boolean;
  /** How it is made, a command each. */
  readonly commands: readonly string[];
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
 * The report of an evaluation: one HTML file that opens offline, script and style inside. What to
 * use, Table 1 for the cohort, Dice against uncertainty, risk-coverage, scores by shift,
 * calibration, silent failures and false alarms by name.
 */
export async function evaluationHtml(report: EvaluationReport): Promise<string> {
  const asset = (name: string) =>
    readFile(fileURLToPath(new URL(`../../assets/report/${name}`, import.meta.url)), 'utf8');
  const chartJs = join(dirname(createRequire(import.meta.url).resolve('chart.js')), 'chart.umd.min.js');
  const [css, script, chart] = await Promise.all([asset('page.css'), asset('page.js'), readFile(chartJs, 'utf8')]);
  const sorted = ranked(report.methods);
  const [first] = sorted;
  const truth = report.methods.some(({ failure }) => failure !== null);
  const test = first?.cases.filter((c) => c.split === 'test') ?? [];
  const count = (group: string) => test.filter((c) => c.group === group).length;
  const options = sorted
    .map((m) => {
      const selected = m.name === report.advice?.method ? ' selected' : '';
      return `<option value="${escapeHtml(m.name)}"${selected}>${escapeHtml(m.title)}</option>`;
    })
    .join('');
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
${adviceHtml(report)}
<p>${count('id')} in-distribution and ${count('ood')} out-of-distribution test scans${count('shifted-id') > 0 ? `, and ${count('shifted-id')} that changed and are still segmented well (shifted-id), which count as neither` : ''}. ${truth ? `A segmentation with a Dice below ${report.tau} has failed.` : 'Without a truth: what a Dice would say is left out.'}${report.featuresOnly ? ' The plan does not say how logits become labels: detectors on outputs are left out.' : ''}
The conformal boundary is the one that <code>calibrate</code> draws from the validation scans and <code>score</code> goes by; the paper’s keeps 95 % of those scans themselves.
Small print under a number is its 95 % interval (of rates Wilson’s and Newcombe’s, else over ${report.resamples} resamples of the test scans); shaded are the best and whatever cannot be told from it.</p>
${report.failures.length > 0 ? `<p>Left out: ${report.failures.map(escapeHtml).join(' ')}</p>` : ''}
<div class="wide" id="table">${resultsHtml(report, report.advice?.method)}</div>
<p class="soft">${costOf(report)}</p>
${harmfulHtml(report)}
${differencesHtml(report)}
<h2><label for="method">One detector</label></h2>
<p><select id="method">${options}</select></p>
<p class="soft" id="formula"></p>
<div class="charts">
${truth ? plot('quadrants', 'Dice against uncertainty', 'Lower left: silent failures. Click a scan.') : ''}
${plot('strips', 'Scores by shift', 'The line is the conformal boundary, the dashed one the paper’s.')}
${truth ? plot('coverage', 'Risk and coverage', 'Grey: the best of the other detectors; dotted: the perfect order; dashed: chance.') : ''}
${truth ? plot('datasets', 'Dice by data set', 'Every test scan with a truth, and the mean of each data set.') : ''}
${truth ? plot('calibration', 'Calibration', 'Bars of equal height are what the ESCE asks for.') : ''}
</div>
<p id="case" class="soft" aria-live="polite">Click a scan in one of the plots.</p>
<h2>Shifts</h2>
${truth ? `<p>Harmful is a shift that takes more than ${report.margin} from the mean Dice of the in-distribution test scans.</p>` : ''}
<div class="wide" id="shifts">${shiftsHtml(report.shifts)}</div>
${picturesHtml(report)}
<h2>Mistakes at the conformal boundary</h2>
${truth ? '<p><strong>Silent failures:</strong> <span id="silent"></span></p>' : ''}
<p><strong>False alarms:</strong> <span id="alarms"></span></p>
${count('shifted-id') > 0 ? '<p><strong>Flagged although only shifted-id:</strong> <span id="shifted"></span></p>' : ''}
</main>
<script type="application/json" id="data">${dataOf(report)}</script>
<script>${chart.replaceAll('</script', '<\\/script')}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** One sentence that says what to use, and the commands that make it. */
function adviceHtml({ advice, commands }: EvaluationReport): string {
  if (!advice) return '<p class="advice">No out-of-distribution test scan: nothing says which detector to use.</p>';
  const made = commands.length > 0 ? `<pre>${commands.map(escapeHtml).join('\n')}</pre>` : '';
  return `<p class="advice">${escapeHtml(adviceSentence(advice))}</p>${made}`;
}

/** The same table over the shifts that do harm. */
function harmfulHtml({ harmful, margin, advice }: EvaluationReport): string {
  if (!harmful) return '';
  return `<h2>On the shifts that harm</h2>
<p>In-distribution scans against those of shifts that take more than ${margin} from the mean Dice: the ones that have to be caught.</p>
<div class="wide">${resultsHtml(harmful, advice?.method)}</div>`;
}

function picturesHtml({ pictured, pictures }: EvaluationReport): string {
  if (pictures.length === 0 || pictured === null) return '';
  const figures = pictures.map(
    ({ title, caption, segmented, uncertain }) =>
      `<figure><div><img src="${segmented}" alt="Segmentation and truth outlined"><img src="${uncertain}" alt="The uncertainty map"></div><figcaption><b>${escapeHtml(title)}</b><br>${escapeHtml(caption)}</figcaption></figure>`,
  );
  return `<h2>Seen by ${escapeHtml(pictured)}</h2>
<p>The slice where the network’s segmentation (blue) and the truth (yellow) differ most; at the right the uncertainty map, orange from the boundary on, or from 0 where that is more, full where it is highest.</p>
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

const plot = (id: string, title: string, hint: string): string =>
  `<section><h3>${title}</h3><p class="soft">${hint}</p><div class="plot"><canvas id="${id}" role="img" aria-label="${title}"></canvas></div></section>`;

/** Safe inside a script element. */
function dataOf({ methods, tau, dice, shifts }: EvaluationReport): string {
  const known = (m: JudgedMethod) =>
    m.cases.filter((c) => c.split === 'test' && c.group !== 'shifted-id' && c.dice !== null);
  const curve = (cases: readonly { score: number; risk: number }[]) =>
    riskCoverageCurve(cases).map(({ coverage, selectiveRisk }) => [coverage, selectiveRisk]);
  const risks = methods[0] ? known(methods[0]).map((c) => 1 - c.dice!) : [];
  const mean = risks.reduce((sum, r) => sum + r, 0) / risks.length;
  const data = {
    tau,
    dice,
    shifts: shifts.map(({ group, shift, dataset }) => ({ group, shift, dataset })),
    // As in the table: the best first.
    methods: ranked(methods).map((m) => ({
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
