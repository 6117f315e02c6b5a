import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { SubjectScore } from '../../src/index.js';
import {
  aggregate,
  closeInference,
  distance,
  encode,
  encoderOf,
  type FeatureDetector,
  fitDetector,
  load,
  loadFeatureDetector,
  observe,
  openDetector,
  openModel,
  patch,
  pool,
  preparationStages,
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
  const scores: number[] = [];
  await pipeline([
    createReadStream(scan),
    load({ case: 'x' }),
    ...preparationStages({ plan }),
    patch({ patchSize: plan.patchSize, stepSize }),
    encode({ encoder: await encoderOf(encodedBy) }),
    pool(),
    distance({ scorer }),
    aggregate(),
    score(),
    observe<SubjectScore>((s) => {
      scores.push(s.score);
    }).resume(),
  ]);
  return scores[0];
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
