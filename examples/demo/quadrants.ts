import { uncertaintyOf } from 'segcanary';
import type { ScoredCase } from './scored-case.js';

const WIDTH = 860;
const HEIGHT = 420;
const [LEFT, RIGHT, TOP, BOTTOM] = [70, 30, 30, 56];
/**
 * Below this Dice a segmentation has failed: the line that the paper draws between its quadrants.
 */
const FAILED = 0.6;

/**
 * The paper's Fig. 3: Dice against uncertainty in four quadrants; a silent failure would lie at the
 * lower left. Inline SVG.
 */
export function quadrantPlot(
  cases: readonly ScoredCase[],
  calibration: { readonly min: number; readonly max: number; readonly boundary: { readonly conformal: number } },
): string {
  const x = (uncertainty: number) => LEFT + (WIDTH - LEFT - RIGHT) * uncertainty;
  const y = (dice: number) => HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * dice;
  const bound = x(uncertaintyOf(calibration.boundary.conformal, calibration) ?? 0);
  const [right, base, middle] = [WIDTH - RIGHT, HEIGHT - BOTTOM, y(FAILED)];
  const quadrant = (name: string, x0: number, x1: number, y0: number, y1: number) =>
    `<rect class="${name}" x="${x0}" y="${y0}" width="${x1 - x0}" height="${y1 - y0}"/>`;
  const count = (out: boolean, failed: boolean) =>
    cases.filter((c) => (c.result.verdict === 'out-of-distribution') === out && c.dice < FAILED === failed).length;
  const text = (anchor: string, at: number, line: number, words: string) =>
    `<text class="axis" x="${at}" y="${line}" text-anchor="${anchor}">${words}</text>`;
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Dice against uncertainty in four quadrants">
${quadrant('admitted-good', LEFT, bound, TOP, middle)}${quadrant('flagged-good', bound, right, TOP, middle)}
${quadrant('admitted-failed', LEFT, bound, middle, base)}${quadrant('flagged-failed', bound, right, middle, base)}
${ticks.map((t) => text('middle', x(t), base + 20, String(t)) + text('end', LEFT - 10, y(t) + 5, String(t))).join('')}
<line class="boundary" x1="${bound}" x2="${bound}" y1="${TOP - 8}" y2="${base}"/>
<text class="boundary-label" x="${bound}" y="${TOP - 14}" text-anchor="middle">boundary</text>
${text('start', LEFT + 8, TOP + 20, `good and admitted: ${count(false, false)}`)}
${text('end', right - 8, TOP + 20, `good, yet flagged: ${count(true, false)}`)}
${text('start', LEFT + 8, base - 10, `silent failures: ${count(false, true)}`)}
${text('end', right - 8, base - 10, `failed and flagged: ${count(true, true)}`)}
${cases.map((c) => mark(x(c.result.uncertainty ?? 0), y(c.dice), c)).join('\n')}
<text class="axis" x="${(LEFT + right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">uncertainty</text>
<text class="axis" transform="translate(18 ${(TOP + base) / 2}) rotate(-90)" text-anchor="middle">Dice</text>
</svg>`;
}

/** Black circles for unshifted scans, triangles for shifted ones, as in the paper. */
function mark(cx: number, cy: number, c: ScoredCase): string {
  const title = `<title>${c.name}: ${c.grade}, uncertainty ${c.result.uncertainty?.toFixed(3)}, Dice ${c.dice.toFixed(2)}</title>`;
  return c.shift === 'none'
    ? `<circle class="unshifted" cx="${cx}" cy="${cy}" r="5.5">${title}</circle>`
    : `<path class="shifted" d="M${cx} ${cy - 7}l6.5 12h-13z">${title}</path>`;
}
