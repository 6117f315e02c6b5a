import type { SegmentResult, SubjectScore, Trust, Verdict } from '../../../../results.js';
import { version } from '../../../../version.js';
import { Canvas, type Colour } from './canvas.js';
import { CHARACTER } from './font.js';
import { drawSlice, type PageSlice, type PanelOptions } from './panel.js';

/** What a page says. */
export interface PageContent {
  readonly score: SubjectScore;
  readonly quality?: SegmentResult['quality'];
  readonly trust?: Trust | undefined;
  /** In a sentence, why the verdict is what it is. */
  readonly reason: string;
  /** At most three. */
  readonly slices: readonly PageSlice[];
}

export const PAGE = { width: 1280, height: 800 } as const;

const BLACK: Colour = [14, 16, 20];
const WHITE: Colour = [240, 240, 240];
const GREY: Colour = [165, 170, 180];
const VERDICTS: Readonly<Record<Verdict, readonly [words: string, colour: Colour]>> = {
  'out-of-distribution': ['OUT OF DISTRIBUTION', [255, 96, 80]],
  'in-distribution': ['In distribution', [110, 220, 130]],
  uncalibrated: ['No verdict: the detector is not calibrated', [240, 200, 90]],
};
const MARGIN = 24;
const SIDE = Math.floor((PAGE.width - 4 * MARGIN) / 3);
const TOP = 148;

/** Draws the page: the verdict in words, the slices, why, and what it is for. */
export function drawPage(content: PageContent, options: PanelOptions): Canvas {
  const { score, reason, slices } = content;
  const canvas = new Canvas(PAGE.width, PAGE.height, BLACK);
  const [words, colour] = VERDICTS[score.verdict];
  canvas.fill(0, 0, 10, PAGE.height, colour);
  canvas.text(MARGIN, 22, words, colour, 5);
  canvas.text(MARGIN, 84, numbers(content), WHITE, 2);
  canvas.text(MARGIN, 112, legend(content, options), GREY, 2);
  for (const [i, slice] of slices.entries()) {
    const left = MARGIN + i * (SIDE + MARGIN);
    canvas.fill(left, TOP, SIDE, SIDE, [0, 0, 0]);
    drawSlice(canvas, left, TOP, SIDE, slice, options);
    canvas.text(left, TOP + SIDE + 8, `Slice ${slice.z + 1} of ${options.shape[0]}: ${slice.title}`, GREY, 2);
  }
  const width = PAGE.width - 2 * MARGIN;
  let y = canvas.paragraph(MARGIN, TOP + SIDE + 44, reason, { width, colour: WHITE, zoom: 2, lines: 3 });
  const [first, ...more] = score.warnings;
  if (first) {
    const rest = more.length > 0 ? ` (and ${more.length} more in the report)` : '';
    y = canvas.paragraph(MARGIN, y + 6, `Warning: ${first.message}${rest}`, {
      width,
      colour: [240, 200, 90],
      zoom: 2,
      lines: 3,
    });
  }
  const foot = PAGE.height - CHARACTER.height * 2;
  canvas.text(MARGIN, foot - 34, 'For research use only. Not for diagnosis.', WHITE, 2);
  canvas.text(
    MARGIN,
    foot - 10,
    `segcanary ${version}, detector ${(score.detector ?? 'unknown').slice(0, 23)}`,
    GREY,
    2,
  );
  return canvas;
}

function numbers({ score, quality, trust }: PageContent): string {
  const parts = [`Score ${rounded(score.score)}`];
  if (score.boundary !== null) parts[0] += ` (boundary ${rounded(score.boundary)})`;
  if (score.pValue !== null) parts.push(`p = ${rounded(score.pValue)}`);
  if (quality)
    parts.push(
      `expected Dice ${quality.dice.toFixed(2)}${quality.atLeast === null ? '' : `, at least ${quality.atLeast.toFixed(2)}`}`,
    );
  if (trust) parts.push(`trust: ${trust}`);
  return parts.join('   ');
}

function legend({ slices }: PageContent, { heat, mark }: PanelOptions): string {
  const parts: string[] = [];
  if (slices.some(({ map }) => map)) parts.push(`Orange: distance from training above ${rounded(heat.low)}`);
  if (slices.some(({ labels }) => labels)) parts.push('lines: segmentation');
  if (mark) parts.push('cross: patch farthest from training');
  return parts.join(', ');
}

const rounded = (value: number): string => String(Number(value.toPrecision(3)));
