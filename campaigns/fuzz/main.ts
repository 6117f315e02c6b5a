/**
 * The fuzz campaign: `npm run fuzz -- --cases 200000 --children 2000 --seed 1`, one target with
 * `--only NAME`, one case of it with `--case K`. Prints the counts; every finding with what repeats
 * it. Exits with 1 where there is one.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.js';
import { shares } from './shares.js';
import { tableOf } from './table.js';
import { childTargets, inProcessTargets } from './targets/index.js';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '200000' },
    children: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    case: { type: 'string' },
    /** Seconds after which no new child begins. */
    budget: { type: 'string' },
  },
});
const named = ({ name }: { readonly name: string }) => values.only === undefined || name === values.only;
const folder = mkdtempSync(join(tmpdir(), 'segcanary-fuzz-'));
const onFinding = ({ target, case: number, what }: { target: string; case: number; what: string }) =>
  console.error(
    `FINDING ${target}: ${what}\n  npm run fuzz -- --seed ${values.seed} --only ${target} --case ${number}`,
  );
const only = values.case === undefined ? undefined : Number(values.case);
try {
  const common = { seed: values.seed, folder, only, onFinding };
  const start = Date.now();
  const tallies = [
    ...(await runCampaign({ ...common, cases: shares(inProcessTargets.filter(named), Number(values.cases)) })),
    ...(await runCampaign({
      ...common,
      cases: shares(childTargets.filter(named), Number(values.children)),
      budget: values.budget === undefined ? undefined : Number(values.budget),
    })),
  ];
  if (tallies.length === 0) throw new Error(`there is no target ${values.only}`);
  console.log(tableOf(tallies.filter(({ cases }) => cases > 0)));
  console.log(`\nseed ${values.seed}, ${Math.round((Date.now() - start) / 1000)} s`);
  if (tallies.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
