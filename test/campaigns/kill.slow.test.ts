import { expect, it } from 'vitest';
import { killCampaign } from '../../campaigns/kill.js';

it('a few kills of fit and score leave nothing that a run after them does not mend', { timeout: 180_000 }, async () => {
  const { counts, violations } = await killCampaign({ kills: 6, seed: 1, commands: ['fit', 'score'] });
  expect(violations).toEqual([]);
  expect(counts.fit!.kills + counts.score!.kills).toBeGreaterThanOrEqual(6);
  expect(counts.fit!.toTheEnd + counts.score!.toTheEnd).toBeGreaterThan(0);
});
