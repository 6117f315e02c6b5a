import type { JudgedMethod } from '../evaluate/evaluation.js';
import type { ScoredCase } from '../evaluate/judge.js';
import { type NotableCases, notableCases } from '../evaluate/notable.js';
import type { ScanView } from '../scans/look.js';
import { type Colour, heat, outline, radiological, slicePicture, windowOf } from './picture.js';

const ORANGE: Colour = [255, 128, 0];
const PREDICTED: Colour = [90, 190, 255];
const TRUE: Colour = [255, 235, 60];
/** Pixels across that a picture has at least, so that a small scan is not a stamp. */
const WIDTH = 320;

/** One notable scan in two pictures. */
export interface NotablePicture {
  readonly title: string;
  readonly case: string;
  readonly caption: string;
  /** Data URLs: outlines of the segmentation and the truth; the uncertainty mask. */
  readonly segmented: string;
  readonly uncertain: string;
}

const titles: Readonly<Record<keyof NotableCases, string>> = {
  silentFailure: 'Worst silent failure',
  falseAlarm: 'Worst false alarm',
  bestCatch: 'Best catch',
};

/**
 * Pictures of the scans that say most about a detector.
 *
 * @param look at a scan under the detector's mask; null where that cannot be had
 */
export async function notablePictures(
  method: JudgedMethod,
  tau: number,
  look: (name: string) => Promise<ScanView | null>,
): Promise<NotablePicture[]> {
  const notable = notableCases(method, tau);
  const pictures: NotablePicture[] = [];
  for (const kind of Object.keys(titles) as (keyof NotableCases)[]) {
    const found = notable[kind];
    const seen = found && (await look(found.case));
    if (seen) pictures.push(pictureOf(titles[kind], found, seen, method));
  }
  return pictures;
}

function pictureOf(title: string, found: ScoredCase, look: ScanView, method: JudgedMethod): NotablePicture {
  const zoom = Math.max(1, Math.ceil(WIDTH / look.scan.width));
  const { boundary } = method.conformal;
  // A distance of 0 is that of a usual patch, and what lies outside the crop box has it too.
  const low = Math.max(boundary, 0);
  const shared = { window: windowOf(look.scan), zoom, flip: radiological(look.affine) };
  const outlines = [outline(look.predicted, PREDICTED, zoom), ...(look.truth ? [outline(look.truth, TRUE, zoom)] : [])];
  // Full at twice the boundary, or at what the slice has most of: what lies far outside still shows
  // where.
  const most = Array.from(look.mask.values).reduce((a, b) => Math.max(a, b), 2 * low);
  const mask = heat(look.mask, ORANGE, low, Math.max(most, low + 1e-12), zoom);
  const kind = [found.shift, found.dataset].filter((text) => text !== '').join(', ');
  const dice = found.dice === null ? 'no truth' : `Dice ${found.dice.toFixed(2)}`;
  return {
    title,
    case: found.case,
    caption: `${found.case}${kind ? ` (${kind})` : ''}: score ${found.score.toPrecision(3)}, boundary ${boundary.toPrecision(3)}, ${dice}; slice ${look.z}`,
    segmented: slicePicture(look.scan, { ...shared, layers: outlines }),
    uncertain: slicePicture(look.scan, { ...shared, layers: [mask] }),
  };
}
