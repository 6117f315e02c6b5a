import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { type OpenDetector, openDetector } from '../../src/detectors/opened.js';
import { loadFeatureDetector } from '../../src/detectors/saved.js';
import { segmenterOf } from '../../src/jobs/segment.js';
import { openSegmentationModel } from '../../src/network/folder.js';
import { closeInference } from '../../src/network/inference/session.js';
import type { ImageReader } from '../../src/plan.js';
import { scoreScan } from '../../src/scans/score.js';
import { segmentScan } from '../../src/scans/segment.js';
import { MODEL } from '../support/cli.js';
import { temporaryFolder } from '../support/folder.js';

afterAll(closeInference);

const workshop = inject('workshop');
const detector = await openDetector(await loadFeatureDetector(join(workshop, 'detector')));

/** The same detector under a plan of another reader, or of an earlier version. */
function under(imageReader: ImageReader | undefined): OpenDetector {
  if (detector.kind !== 'features') throw new Error('not on features');
  const { imageReader: _, ...plan } = detector.description.plan;
  return {
    ...detector,
    description: { ...detector.description, plan: { ...plan, ...(imageReader && { imageReader }) } },
  };
}

const intact = gunzipSync(readFileSync(join(workshop, 'held-out', 'held-out_2_0000.nii.gz')));
/** The same intensities, stored 1000 higher with an intercept of -1000 and a slope of 0. */
const shifted = Buffer.from(intact);
for (let at = 352; at < shifted.length; at += 2) shifted.writeInt16LE(intact.readInt16LE(at) + 1000, at);
shifted.writeFloatLE(0, 112);
shifted.writeFloatLE(-1000, 116);

const scored = (bytes: Uint8Array, reader: ImageReader | undefined) =>
  scoreScan(Readable.from([bytes], { objectMode: false }), { detector: under(reader), case: 'x' });

describe("a scan is read by the rules of its plan's reader", () => {
  it('which adds the intercept of a slope of 0 or does not, and it is told', async () => {
    const { score, warnings } = await scored(intact, 'simpleitk');
    expect(warnings).toEqual([]);
    const itk = await scored(shifted, 'simpleitk');
    expect(itk.score).toBe(score);
    expect(itk.warnings.map(({ code }) => code)).toEqual(['contradicting-header']);
    for (const reader of ['nibabel', undefined] as const) {
      const other = await scored(shifted, reader);
      expect(Math.abs(other.score / score - 1)).toBeGreaterThan(0.01);
      expect(other.warnings.map(({ code }) => code)).toContain('contradicting-header');
      expect((await scored(intact, reader)).score).toBe(score);
    }
  });

  it('and what was not read of it is told', async () => {
    const fewer = Buffer.from(intact);
    fewer[46] ^= 4;
    const { warnings } = await scored(fewer, 'simpleitk');
    expect(warnings).toContainEqual({
      code: 'trailing-data',
      message: expect.stringMatching(/followed by \d+ bytes, as many as 4 slices have/),
    });
  });
});

describe('a detector of an earlier version, which names no reader,', () => {
  const of = (reader: ImageReader | undefined) => {
    const found = under(reader);
    if (found.kind !== 'features') throw new Error('not on features');
    return found;
  };

  it('still goes with its model', async () => {
    const model = await openSegmentationModel(MODEL);
    for (const reader of [undefined, 'simpleitk'] as const)
      await expect(segmenterOf({ model, detector: of(reader) })).resolves.toBeDefined();
    await expect(segmenterOf({ model, detector: of('nibabel') })).rejects.toMatchObject({
      code: 'usage',
      message: expect.stringMatching(/another plan/),
    });
  });

  it('has the score in `segment` that it has in `score`', async () => {
    const { plan, segmentation, ...model } = await openSegmentationModel(MODEL);
    const to = join(await temporaryFolder(), 'out.nii.gz');
    for (const reader of [undefined, 'simpleitk'] as const) {
      const detector = of(reader);
      const segmenter = await segmenterOf({ model: { plan, segmentation, ...model }, detector });
      const bytes = Readable.from([shifted], { objectMode: false });
      const { stepSize } = detector.description;
      const found = await segmentScan(bytes, { plan, segmentation, segmenter, detector, stepSize, to, case: 'x' });
      const { score } = await scored(shifted, reader);
      expect(Math.abs((found.score?.score ?? 0) / score - 1)).toBeLessThan(1e-5);
    }
  });
});
