import { expect, it } from 'vitest';
import { calibrate } from '../../src/detectors/calibration.js';
import { Metrics } from '../../src/server/metrics.js';
import type { ServedDetector } from '../../src/server/served.js';
import { finishedScan } from '../support/records.js';

it('counts scores in buckets of the calibration, also below 0', async () => {
  const calibration = calibrate([-1.6, -1.2, -0.9, -0.5, -0.3].map((score, i) => ({ case: `case-${i}`, score })));
  const served = { name: 'chest', detector: { description: { calibration } } } as unknown as ServedDetector;
  const metrics = new Metrics([served], { waiting: 0, running: 0 });
  for (const score of [-2, -0.9, -0.4, 20]) metrics.finished(served, finishedScan(score).result as never, 1);
  const text = await metrics.registry.metrics();
  const buckets = [...text.matchAll(/^segcanary_score_chest_bucket\{le="([^"]+)"\} (\d+)$/gm)].map(([, le, n]) => [
    Number(le === '+Inf' ? Infinity : le),
    Number(n),
  ]);
  const bounds = buckets.map(([le]) => le);
  expect(bounds).toEqual(bounds.toSorted((a, b) => a! - b!));
  // The boundary is the largest of so few scores.
  expect(Object.fromEntries(buckets)).toMatchObject({ '-1.6': 1, '-0.9': 2, '-0.3': 3, Infinity: 4 });
});
