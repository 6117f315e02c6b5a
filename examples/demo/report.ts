import { readFileSync } from 'node:fs';
import type { FeatureDetector } from 'segcanary';
import { moved } from './moved.js';
import { segmented, uncertain } from './picture.js';
import { scorePlot } from './plot.js';
import { quadrantPlot } from './quadrants.js';
import type { ScoredCase } from './scored-case.js';

const STYLE = readFileSync(new URL('./report.css', import.meta.url), 'utf8');

/**
 * One self-contained HTML page: what was found, scores by shift, Dice against uncertainty, and for
 * every shift the slice that holds the worst patch.
 */
export async function report(
  cases: readonly ScoredCase[],
  description: FeatureDetector['description'],
): Promise<string> {
  const calibration = description.calibration;
  if (calibration === null) throw new Error('the detector is not calibrated');
  const { boundary, min, max } = calibration;
  const shown = [
    ...cases.filter((c) => c.shift === 'none').slice(0, 2),
    ...cases.filter((c) => c.shift !== 'none' && c.severity !== 2),
  ];
  const figures = [];
  for (const c of shown) figures.push(await figure(c, { low: boundary.conformal, high: 3 * max - 2 * min }));
  const shifted = cases.filter((c) => c.shift !== 'none');
  const plain = cases.filter((c) => c.shift === 'none');
  const out = (list: readonly ScoredCase[]) => list.filter((c) => c.result.verdict === 'out-of-distribution').length;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>segcanary demo</title><style>${STYLE}</style></head><body><main>
<h1>segcanary demo</h1>
<p class="lead">${out(shifted)} of ${shifted.length} shifted scans and ${out(plain)} of ${plain.length} unshifted test scans are out of distribution.</p>
<p>The scans are computed phantoms: they have the structure of chest CTs, not their variety. The network is a real nnU-Net v2, trained on phantoms like
those in the first rows. The detector is what <code>segcanary fit</code> makes of it without an option. The mean Dice of the unshifted test scans, segmented with
patches that hardly overlap to save time, is ${mean(plain.map((c) => c.dice)).toFixed(3)}.</p>
<dl><dt>fitted on</dt><dd>${description.cases} scans, N = ${description.n} patches, d = ${description.d} features</dd>
<dt>method</dt><dd><code>${description.method}</code>: mean and spread of every channel of ${description.stages?.length} encoder stages, before their norms, and the intensities of the scan</dd>
<dt>calibrated on</dt><dd>${calibration.cases.length} scans: is expected to keep at least ${(100 * boundary.level).toFixed(0)} % of scans like them</dd></dl>
<h2>Scores by shift</h2>
<p class="legend"><span class="key in">●</span> in distribution <span class="key out">▲</span> out of distribution <span class="key calibration">●</span> calibration</p>
<div class="plot">${scorePlot(cases, { boundary: boundary.conformal, calibration: calibration.cases.map((c) => c.score) })}</div>
<h2>Dice against uncertainty</h2>
<p>At the lower left would lie silent failures: segmentations that failed (Dice below 0.6) on scans that were admitted. Uncertainty is the paper’s scale of the score; the verdict goes by the boundary.</p>
<p class="legend"><span class="key">●</span> unshifted <span class="key">▲</span> shifted</p>
<div class="plot">${quadrantPlot(cases, calibration)}</div>
<h2>All test scans</h2>
<div class="wide">${resultTable(cases)}</div>
<h2>Where it is unsure</h2>
<p>The slice through the worst patch, in a lung window: at the left with the outlines of the network's segmentation (blue) and of the truth (yellow, where the two
differ), at the right with the uncertainty map. Orange begins where the map exceeds the boundary.
Patches hardly overlap by default, so that the map shows their edges; <code>fit --step-size 0.5</code> makes a smoother one, with eight times the work. Below it, what moved: stages of
the encoder and intensities, by how many standard deviations of the training. A scan can be flagged by its intensities as a whole, and its map then shows little.</p>
<div class="figures">${figures.join('\n')}</div>
</main></body></html>
`;
}

async function figure(c: ScoredCase, range: { low: number; high: number }): Promise<string> {
  const z = c.result.worstPatch!.centre[2];
  const outlined = await segmented(c.scan, z, c.segmentation, c.truth);
  const overlaid = await uncertain(c.scan, z, { mask: c.mask, ...range });
  return `<figure><div><img src="${outlined}" alt="CT slice ${z} of ${c.name}, segmentation and truth outlined"><img src="${overlaid}" alt="The same slice with the uncertainty map"></div>
<figcaption><b>${c.name}</b> ${c.grade}<br>${verdict(c)}, score ${c.result.score.toFixed(1)}, p = ${c.result.pValue?.toFixed(3)}, Dice ${c.dice.toFixed(2)}, slice ${z}<br>moved: ${moved(c.result) || 'nothing'}</figcaption></figure>`;
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

const verdict = (c: ScoredCase): string =>
  `<span class="${c.result.verdict === 'out-of-distribution' ? 'out' : 'in'}">${c.result.verdict}</span>`;

function resultTable(cases: readonly ScoredCase[]): string {
  const rows = cases.map(
    (c) =>
      `<tr><td>${c.name}</td><td>${verdict(c)}</td><td>${c.grade}</td><td>${c.dice.toFixed(2)}</td><td>${c.result.score.toFixed(1)}</td><td>${c.result.pValue?.toFixed(3) ?? ''}</td><td>${moved(c.result)}</td></tr>`,
  );
  return `<table><thead><tr><th>case</th><th>verdict</th><th>shift</th><th>Dice</th><th>score</th><th>p-value</th><th>what moved</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}
