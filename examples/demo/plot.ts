import type { ScoredCase } from './scored-case.js';

const WIDTH = 860;
const LEFT = 150;
const RIGHT = 30;
const ROW = 46;
const TOP = 42;

export interface Scale {
  readonly boundary: number;
  /** Scores of the calibration scans. */
  readonly calibration: readonly number[];
}

/**
 * Scores by shift, the boundary drawn: circles in distribution, triangles out of it. The axis is
 * asinh's, linear about 0 and logarithmic far away, because scores may be negative. Inline SVG.
 */
export function scorePlot(cases: readonly ScoredCase[], { boundary, calibration }: Scale): string {
  const scores = [...calibration, ...cases.map((c) => c.result.score), boundary];
  const [low, high] = [Math.asinh(Math.min(...scores)) - 0.2, Math.asinh(Math.max(...scores)) + 0.2];
  const x = (score: number) => LEFT + ((WIDTH - LEFT - RIGHT) * (Math.asinh(score) - low)) / (high - low);
  const shifts = [...new Set(cases.map((c) => c.shift))];
  const rows = ['calibration', ...shifts];
  const height = TOP + ROW * rows.length + 44;
  const base = TOP + ROW * rows.length;

  const ticks = ticksBetween(Math.sinh(low), Math.sinh(high))
    .map(
      (t) =>
        `<line class="grid" x1="${x(t)}" x2="${x(t)}" y1="${TOP}" y2="${base}"/><text class="axis" x="${x(t)}" y="${base + 18}" text-anchor="middle">${t}</text>`,
    )
    .join('');
  const labels = rows
    .map(
      (name, r) =>
        `<text x="${LEFT - 12}" y="${TOP + ROW * r + ROW / 2 + 5}" text-anchor="end">${name === 'none' ? 'test, no shift' : name}</text>`,
    )
    .join('');
  const spread = (i: number, n: number) => (n > 1 ? ((i / (n - 1)) * 2 - 1) * (ROW / 2 - 12) : 0);
  const dots = calibration.map(
    (score, i) =>
      `<circle class="calibration" cx="${x(score)}" cy="${TOP + ROW / 2 + spread(i, calibration.length)}" r="3.5"/>`,
  );
  for (const [r, shift] of shifts.entries()) {
    const inRow = cases.filter((c) => c.shift === shift);
    for (const [i, c] of inRow.entries()) {
      const cy = TOP + ROW * (r + 1) + ROW / 2 + spread(i, inRow.length);
      dots.push(mark(x(c.result.score), cy, c));
    }
  }
  const bound = x(boundary);
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="Scores by shift with the boundary">
${ticks}${labels}
<line class="boundary" x1="${bound}" x2="${bound}" y1="${TOP - 8}" y2="${base}"/>
<text class="boundary-label" x="${bound}" y="${TOP - 16}" text-anchor="middle">boundary ${boundary.toFixed(1)}</text>
${dots.join('\n')}
<text class="axis" x="${(LEFT + WIDTH - RIGHT) / 2}" y="${height - 4}" text-anchor="middle">score: 0 is the median of the training scans, 1 their deviation above it; asinh scale</text>
</svg>`;
}

function mark(cx: number, cy: number, c: ScoredCase): string {
  const title = `<title>${c.name}: ${c.grade}, score ${c.result.score.toFixed(1)}, Dice ${c.dice.toFixed(2)}</title>`;
  if (c.result.verdict === 'in-distribution')
    return `<circle class="in" cx="${cx}" cy="${cy}" r="5.5">${title}</circle>`;
  return `<path class="out" d="M${cx} ${cy - 7}l6.5 12h-13z">${title}</path>`;
}

/** …, -2, -1, 0, 1, 2, 5, 10, 20, 50, … */
function ticksBetween(low: number, high: number): number[] {
  const ticks = [0];
  for (let power = 1; power <= Math.max(-low, high); power *= 10) {
    for (const step of [1, 2, 5]) ticks.push(step * power, -step * power);
  }
  return ticks.filter((t) => t >= low && t <= high);
}
