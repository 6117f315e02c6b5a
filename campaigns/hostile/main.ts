/**
 * The hostile campaign: what a tester who means harm would try, with the counts of what came of it.
 *
 *     npm run hostile -- [--seed 1] [--share 1] [--only ATTACK] [--whys]
 *
 * Exits with 1 where a trial ended in a wrong answer, in silence, or not at all.
 */
import { parseArgs } from 'node:util';
import { table } from '../program.js';
import type { Outcome } from './attack.js';
import { attacks } from './attacks/index.js';
import { hostileCampaign } from './campaign.js';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    share: { type: 'string', default: '1' },
    only: { type: 'string' },
    /** How often each code and reason came up too. */
    whys: { type: 'boolean', default: false },
  },
});
const asked = attacks.filter(({ name }) => values.only === undefined || name === values.only);
if (asked.length === 0) throw new Error(`there is no attack ${values.only}`);
const counts = await hostileCampaign({
  attacks: asked,
  seed: values.seed,
  share: Number(values.share),
  onFinding: (attack, { what, why }) => console.error(`FINDING ${attack}: ${what}: ${why}`),
});
const outcomes: readonly Outcome[] = ['refused', 'warned', 'harmless', 'unknowable', 'finding'];
const trials = (of: Readonly<Record<Outcome, number>>) => outcomes.reduce((sum, outcome) => sum + of[outcome], 0);
const rows = counts.map(({ attack, outcomes: of, seconds }) => [
  attack,
  trials(of),
  ...outcomes.map((outcome) => of[outcome]),
  Math.round(seconds),
]);
const total = ['all', ...rows[0].slice(1).map((_, i) => rows.reduce((sum, row) => sum + Number(row[i + 1]), 0))];
console.log(table(['attack', 'trials', ...outcomes, 'seconds'], [...rows, total]));
if (values.whys)
  for (const { attack, whys } of counts)
    for (const [why, n] of [...whys].sort(([, a], [, b]) => b - a)) console.log(`${attack}  ${n}  ${why}`);
if (counts.some(({ findings }) => findings.length > 0)) process.exitCode = 1;
