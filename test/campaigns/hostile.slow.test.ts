import { expect, it } from 'vitest';
import { attacks } from '../../campaigns/hostile/attacks/index.js';
import { hostileCampaign } from '../../campaigns/hostile/campaign.js';

it('a corner of every hostile attack ends in a refusal, a warning or the right answer', {
  timeout: 300_000,
}, async () => {
  const counts = await hostileCampaign({ attacks, seed: 'test', share: 0.015 });
  expect(
    counts.flatMap(({ attack, findings }) => findings.map(({ what, why }) => `${attack}: ${what}: ${why}`)),
  ).toEqual([]);
  for (const { attack, outcomes } of counts)
    expect(outcomes.refused + outcomes.warned + outcomes.harmless, attack).toBeGreaterThan(0);
});
