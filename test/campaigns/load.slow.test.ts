import { expect, it } from 'vitest';
import { loadCampaign } from '../../campaigns/load.js';

it('a server under load, killed twice and crowded: nothing that was answered is lost', {
  timeout: 240_000,
}, async () => {
  const { violations, ...counts } = await loadCampaign({ scans: 60, clients: 32, kills: 2, connections: 0, seed: 1 });
  expect(violations).toEqual([]);
  expect(counts.answered).toBeGreaterThan(60);
  expect(Math.min(counts.refused, counts.lost, counts.interrupted)).toBeGreaterThan(0);
});
