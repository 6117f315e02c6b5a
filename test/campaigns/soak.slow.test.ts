import { afterAll, expect, it } from 'vitest';
import { soak } from '../../campaigns/soak.js';
import { closeInference } from '../../src/index.js';

afterAll(closeInference);

it('60 scans in one process, good, broken and aborted: nothing is left of them', { timeout: 120_000 }, async () => {
  const { scored, broken, aborted, rss, violations } = await soak({ scans: 60, seed: 2 });
  expect(violations).toEqual([]);
  expect(scored + broken + aborted).toBeGreaterThanOrEqual(60);
  expect(Math.min(scored, broken, aborted)).toBeGreaterThan(0);
  expect(rss).toHaveLength(60);
});
