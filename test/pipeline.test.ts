import { createReadStream, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { openDetector } from '../src/detectors/opened.js';
import { loadFeatureDetector } from '../src/detectors/saved.js';
import { watchIntensities } from '../src/detectors/watch-intensities.js';
import { closeInference } from '../src/network/inference/session.js';
import { prepared } from '../src/pipeline.js';
import { scoreScan } from '../src/scans/score.js';
import { aggregate } from '../src/stages/aggregate.js';
import { chain } from '../src/stages/chain.js';
import { last } from '../src/stages/collectors.js';
import { distance } from '../src/stages/distance.js';
import { encode } from '../src/stages/encode.js';
import { load } from '../src/stages/load.js';
import { patch } from '../src/stages/patch.js';
import { pool } from '../src/stages/pool.js';
import { score } from '../src/stages/score.js';
import { writeScan } from './support/scans.js';

const workshop = inject('workshop');
const detector = await loadFeatureDetector(join(workshop, 'detector'));
const opened = await openDetector(detector);
if (opened.kind !== 'features') throw new Error('not on features');
const { encoder } = opened;
afterAll(closeInference);

const large = await writeScan({ path: join(workshop, 'large.nii'), seed: 3, shape: [96, 160, 160] });
/** Eight patches. */
const middle = await writeScan({ path: join(workshop, 'middle.nii'), seed: 3, shape: [56, 110, 110] });

describe('the default pipeline', () => {
  it('is what its stages are when a user composes them', async () => {
    const { plan, stepSize, tiles, calibration } = detector.description;
    const watch = watchIntensities(detector.scorer);
    let live = 0;
    let peak = 0;
    let patches = 0;
    const composed = await chain(load({ case: 'x' }))
      .to(prepared({ plan }))
      .observe((slice) => watch?.look(slice))
      .to(patch({ patchSize: plan.patchSize, stepSize, tiles }))
      .observe(() => {
        patches++;
        peak = Math.max(peak, ++live);
      })
      .to(encode({ encoder }))
      .to(pool())
      .observe(async () => {
        live--;
        // A reader slower than the network: what piles up, piles up here.
        await new Promise((resolve) => setTimeout(resolve, 20));
      })
      .to(distance({ scorer: detector.scorer }))
      .to(aggregate())
      .to(score({ calibration, detector: detector.id, intensities: watch?.distance }))
      .run(createReadStream(large), last());
    expect(patches).toBeGreaterThan(20);
    // One patch more may stand between the patch stage and the counter.
    expect(peak + 1).toBeLessThanOrEqual(8);
    expect(await scoreScan(createReadStream(large), { detector: opened, case: 'x' })).toEqual(composed);
  });

  it('takes bytes from any async iterable, in pieces of any size', async () => {
    const bytes = readFileSync(join(workshop, 'train', 'train_1_0000.nii.gz'));
    const whole = await scoreScan(Readable.from([bytes]), { detector: opened });
    const pieces = (async function* () {
      for (let at = 0; at < bytes.length; at += 997) yield bytes.subarray(at, at + 997);
    })();
    expect(await scoreScan(pieces, { detector: opened })).toEqual(whole);
  });

  it('scores several scans at once over one encoder, each as it would alone', async () => {
    const files = readdirSync(join(workshop, 'train')).map((name) => join(workshop, 'train', name));
    const alone = [];
    for (const file of files) alone.push(await scoreScan(createReadStream(file), { detector: opened, case: file }));
    const together = await Promise.all(
      files.map((file) => scoreScan(createReadStream(file), { detector: opened, case: file })),
    );
    expect(together).toEqual(alone);
  });

  it('stops at once when its signal says so, and the encoder serves the next scan', async () => {
    const controller = new AbortController();
    const stopped = scoreScan(createReadStream(middle), {
      detector: opened,
      signal: controller.signal,
      onProgress: ({ patches }) => {
        if (patches === 3) controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    expect((await scoreScan(createReadStream(middle), { detector: opened })).patches).toBeGreaterThan(5);
  });

  it('ends a scan that breaks off with its own error and nothing else', async () => {
    const bytes = readFileSync(middle);
    const broken = scoreScan(Readable.from([bytes.subarray(0, bytes.length / 2)]), {
      detector: opened,
      case: 'broken',
    });
    const sound = scoreScan(Readable.from([bytes]), { detector: opened, case: 'sound' });
    await expect(broken).rejects.toMatchObject({ code: 'truncated', message: expect.stringContaining('broken') });
    expect((await sound).case).toBe('sound');
  });

  it('without a spool scores a CT in the same way but for the clip range, and says that it was not spooled', async () => {
    const spooled = await scoreScan(createReadStream(middle), { detector: opened });
    const straight = await scoreScan(createReadStream(middle), { detector: opened, spool: false });
    expect(straight.warnings.map((w) => w.code)).toEqual(['no-spool']);
    expect(straight.score / spooled.score).toBeCloseTo(1, 2);
  });
});
