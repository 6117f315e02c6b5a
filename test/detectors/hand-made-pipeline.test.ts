import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  aggregate,
  chain,
  closeInference,
  distance,
  encode,
  encoderOf,
  type FeatureDetector,
  fitDetector,
  last,
  load,
  loadFeatureDetector,
  openDetector,
  openModel,
  patch,
  pool,
  prepared,
  resolveInputs,
  score,
  scoreScan,
} from '../../src/index.js';
import { MODEL } from '../support/cli.js';

const workshop = inject('workshop');
const scan = join(workshop, 'held-out', 'held-out_0_0000.nii.gz');
const folder = join(workshop, 'hand-made');
const detectors = new Map<string, FeatureDetector>();

beforeAll(async () => {
  const model = await openModel(MODEL);
  const inputs = (await resolveInputs([join(workshop, 'train')])).slice(0, 3);
  for (const method of ['knn', 'gap-mahalanobis', 'multi-layer']) {
    const output = join(folder, method);
    await fitDetector({ model, inputs, output, cache: join(folder, 'cache'), method });
    detectors.set(method, await loadFeatureDetector(output));
  }
});
afterAll(closeInference);

/** The stages as a user composes them, with whatever encoder. */
async function compose({ description, scorer }: FeatureDetector, encodedBy: FeatureDetector): Promise<number> {
  const { plan, stepSize } = description;
  const found = await chain(load({ case: 'x' }))
    .to(prepared({ plan }))
    .to(patch({ patchSize: plan.patchSize, stepSize }))
    .to(encode({ encoder: await encoderOf(encodedBy) }))
    .to(pool())
    .to(distance({ scorer }))
    .to(aggregate())
    .to(score())
    .run(createReadStream(scan), last());
  return found?.score ?? Number.NaN;
}

describe('a pipeline of one’s own', () => {
  it.each(['knn', 'gap-mahalanobis', 'multi-layer'])('scores with %s as scoreScan does', async (method) => {
    const detector = detectors.get(method) as FeatureDetector;
    const { score: expected } = await scoreScan(createReadStream(scan), { detector: await openDetector(detector) });
    expect(await compose(detector, detector)).toBe(expected);
  });

  it('says what a detector reads where another encoder does not give it', async () => {
    const [ofStages, ofTap] = ['multi-layer', 'knn'].map((method) => detectors.get(method) as FeatureDetector);
    await expect(compose(ofStages, ofTap)).rejects.toMatchObject({
      code: 'detector-invalid',
      message: expect.stringMatching(
        /^x: .*it reads the means of every channel of every stage.*openDetector and encoderOf/,
      ),
    });
  });
});
