import { expect, it } from 'vitest';
import { runCampaign, type Tally } from '../../campaigns/fuzz/campaign.js';
import { shares } from '../../campaigns/fuzz/shares.js';
import { childTargets, inProcessTargets } from '../../campaigns/fuzz/targets/index.js';
import { temporaryFolder } from '../support/folder.js';

/** A corner of `npm run fuzz`, the same cases every time. */
const seed = 'ci';

const findings = (tallies: readonly Tally[]) =>
  tallies.flatMap((tally) =>
    tally.findings.map((f) => `${f.what} (--seed ${seed} --only ${f.target} --case ${f.case})`),
  );

it('3000 changed inputs end in the right answer or in a tagged error', async () => {
  const tallies = await runCampaign({ seed, folder: await temporaryFolder(), cases: shares(inProcessTargets, 3000) });
  expect(findings(tallies)).toEqual([]);
  expect(tallies.reduce((sum, { cases }) => sum + cases, 0)).toBe(3000);
  // Both ends are met in every target: a campaign that refuses everything, or nothing, tries
  // nothing.
  for (const { target, right, refused } of tallies)
    expect(right > 0 && refused.size > 0, `${target}: ${right} right, ${refused.size} codes`).toBe(true);
});

it('10 children that are given changed models and detectors end so too', async () => {
  const tallies = await runCampaign({ seed, folder: await temporaryFolder(), cases: shares(childTargets, 10) });
  expect(findings(tallies)).toEqual([]);
});
