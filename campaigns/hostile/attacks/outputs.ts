import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Attack, Ring } from '../attack.js';
import { commandTrials } from '../outputs/commands.js';
import { jobTrials } from '../outputs/jobs.js';
import { planTrials } from '../outputs/plans.js';

/** Outputs that eat inputs and one another. */
export const outputs: Attack = {
  name: 'outputs',
  async *run(ring) {
    for (const [name, trials] of Object.entries({ plans: planTrials, jobs: jobTrials, commands: commandTrials })) {
      const folder = join(ring.folder, name);
      mkdirSync(folder);
      const own: Ring = { ...ring, folder };
      yield* trials(own);
    }
  },
};
