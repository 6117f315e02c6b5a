import { expect, it } from 'vitest';
import { doorCampaign } from '../../campaigns/door.js';

it('a door that is killed twice under senders: what was acknowledged is scored once', {
  timeout: 240_000,
}, async () => {
  const { violations, ...counts } = await doorCampaign({ series: 24, senders: 8, kills: 2, seed: 1 });
  expect(violations).toEqual([]);
  expect(counts).toMatchObject({ kills: 2, scored: 24, failed: 0 });
});
