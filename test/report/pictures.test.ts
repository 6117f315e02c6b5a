import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import { evaluationOf } from '../../src/evaluate/evaluation.js';
import type { ScoredCase } from '../../src/evaluate/judge.js';
import { notablePictures } from '../../src/report/pictures.js';
import type { ScanView } from '../../src/scans/look.js';

/** Scores about 0, as those of a detector whose scale begins below. */
const cases = [-2, -1.5, -1, -0.5, -1.2, 3].map(
  (score, i): ScoredCase => ({
    case: `case-${i}`,
    split: i < 4 ? 'val' : 'test',
    group: i < 5 ? 'id' : 'ood',
    shift: i < 5 ? '' : 'dose',
    dataset: '',
    score,
    dice: i < 4 ? null : 0.2,
    voxels: 10,
  }),
);

it('where the boundary lies below 0, nothing is coloured that does not lie above 0', async () => {
  const settings = { tau: 0.6, margin: 0.1, resamples: 20, seed: 0 };
  const method = { name: 'm', title: 'M', formula: 'f', source: 's', passes: 1, cases };
  const [judged] = evaluationOf([method], settings).methods;
  expect(judged.conformal.boundary).toBe(-0.5);
  const side = 320;
  const plane = (value: (x: number) => number) => ({
    width: side,
    height: side,
    values: Float32Array.from({ length: side * side }, (_, i) => value(i % side)),
  });
  // Outside the crop box the mask is 0; a usual patch, one above the boundary, and a foreign one.
  const mask = plane((x) => [0, -1, -0.2, 3][Math.floor(x / 80)]);
  const grey = plane((x) => x);
  const view: ScanView = {
    case: 'case-5',
    z: 0,
    affine: [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    scan: grey,
    predicted: plane(() => 0),
    truth: null,
    mask,
  };
  const [picture] = await notablePictures(judged, 0.6, async () => view);
  const { data } = PNG.sync.read(Buffer.from(picture.uncertain.split(',')[1], 'base64'));
  const isOrange = (x: number) => data[4 * x] > data[4 * x + 2] + 20;
  // Seen by radiologists, the patient's right is on the left.
  expect([40, 120, 200, 280].map((x) => isOrange(side - 1 - x))).toEqual([false, false, false, true]);
});
