import { expect, it } from 'vitest';
import { signalCampaign } from '../../campaigns/signals.js';

it('SIGINT and SIGTERM at any moment: the code of the signal, and nothing left behind', {
  timeout: 180_000,
}, async () => {
  const { ended, violations } = await signalCampaign({ signals: 10, seed: 3, commands: ['fit', 'score'] });
  expect(violations).toEqual([]);
  expect(ended.obeyed).toBeGreaterThan(2);
});
