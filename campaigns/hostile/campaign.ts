import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { Dice } from '../dice.js';
import { withLab } from '../lab.js';
import type { Attack, Outcome, Ring, Trial } from './attack.js';

export interface HostileOptions {
  readonly attacks: readonly Attack[];
  readonly seed: string;
  /** Share of every attack's cases. @default 1 */
  readonly share?: number;
  readonly onFinding?: (attack: string, trial: Trial) => void;
}

/** What the trials of one attack came to. */
export interface Count {
  readonly attack: string;
  readonly outcomes: Record<Outcome, number>;
  /** How often each code, reason or finding came up. */
  readonly whys: Map<string, number>;
  readonly findings: Trial[];
  seconds: number;
}

/** Runs every attack, one after another. An attack that throws is a finding. */
export function hostileCampaign({ attacks, seed, share = 1, onFinding }: HostileOptions): Promise<Count[]> {
  return withLab(async (lab) => {
    const counts: Count[] = [];
    for (const attack of attacks) {
      const folder = join(lab.folder, `attack-${attack.name}`);
      mkdirSync(folder);
      const start = performance.now();
      const count = newCount(attack.name);
      counts.push(count);
      for await (const trial of guarded(attack, { lab, folder, dice: new Dice(`${seed}/${attack.name}`), share })) {
        count.outcomes[trial.outcome]++;
        const why = `${trial.outcome}: ${trial.why}`;
        count.whys.set(why, (count.whys.get(why) ?? 0) + 1);
        if (trial.outcome !== 'finding') continue;
        count.findings.push(trial);
        onFinding?.(attack.name, trial);
      }
      count.seconds = (performance.now() - start) / 1000;
    }
    return counts;
  });
}

async function* guarded(attack: Attack, ring: Ring): AsyncGenerator<Trial> {
  try {
    yield* attack.run(ring);
  } catch (error) {
    yield { what: 'the attack itself', outcome: 'finding', why: (error as Error).stack ?? String(error) };
  }
}

const newCount = (attack: string): Count => ({
  attack,
  outcomes: { refused: 0, warned: 0, harmless: 0, unknowable: 0, finding: 0 },
  whys: new Map(),
  findings: [],
  seconds: 0,
});
