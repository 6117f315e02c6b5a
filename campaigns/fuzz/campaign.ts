import { performance } from 'node:perf_hooks';
import { Dice } from '../dice.js';
import { judge } from './judge.js';
import type { Target } from './target.js';
import { Watchdog } from './watchdog.js';

export interface CampaignOptions {
  readonly seed: string;
  /** A folder of the campaign's own. */
  readonly folder: string;
  /** Cases of each target. */
  readonly cases: ReadonlyMap<Target, number>;
  /** This case alone of every target. */
  readonly only?: number | undefined;
  /**
   * Seconds after which no new case begins, shared out among the targets as the cases are.
   * @default none
   */
  readonly budget?: number | undefined;
  readonly onFinding?: (finding: CaseFinding) => void;
}

export interface CaseFinding {
  readonly target: string;
  readonly case: number;
  readonly what: string;
}

/** What a target's cases came to. */
export interface Tally {
  readonly target: string;
  cases: number;
  right: number;
  readonly refused: Map<string, number>;
  slowest: number;
  /**
   * Peak of the resident set while the target ran, in MiB, and by how much it grew over the
   * campaign's start. Of this process.
   */
  peak: number;
  growth: number;
  readonly findings: CaseFinding[];
}

/**
 * A machine that is busy with something else stalls a case now and then: a hang is what takes this
 * many times its limit.
 */
const patience = 10;
/**
 * MiB that a single in-process case may add to the peak of the resident set. The largest patch slab
 * of the cases is 16 MiB, zlib and V8 take the rest.
 */
const largestGrowth = 256;

/** Runs every target's cases one after another. */
export async function runCampaign(options: CampaignOptions): Promise<Tally[]> {
  const { seed, cases, folder, budget = Number.POSITIVE_INFINITY } = options;
  const targets = [...cases.keys()];
  const watchdog = new Watchdog(
    targets.map(({ name }) => name),
    seed,
  );
  const tallies: Tally[] = [];
  try {
    for (const target of targets) {
      await target.open?.(folder);
      const tally = newTally(target.name);
      tallies.push(tally);
      const start = peakMiB();
      const count = cases.get(target)!;
      const share = count / [...cases.values()].reduce((a, b) => a + b, 0);
      const end = performance.now() + 1000 * budget * share;
      let next = options.only ?? 0;
      const last = options.only === undefined ? count : options.only + 1;
      const work = async () => {
        while (next < last && performance.now() < end) await runCase(target, next++, tally, options, watchdog);
      };
      await Promise.all(Array.from({ length: target.parallel ?? 1 }, work));
      tally.peak = peakMiB();
      tally.growth = tally.peak - start;
    }
  } finally {
    await watchdog.close();
  }
  return tallies;
}

async function runCase(target: Target, number: number, tally: Tally, options: CampaignOptions, watchdog: Watchdog) {
  const attempt = async () => {
    const before = peakMiB();
    const start = performance.now();
    // Children are watched by whoever starts them.
    if (target.parallel === undefined) watchdog.begin(target.name, number, patience * target.limit);
    try {
      return { code: await outcome(target, new Dice(`${options.seed}/${target.name}/${number}`)) };
    } catch (error) {
      return { finding: (error as Error).message };
    } finally {
      watchdog.end();
      took = performance.now() - start;
      grew = peakMiB() - before;
    }
  };
  let took = 0;
  let grew = 0;
  let result = await attempt();
  // Only what is slow twice is slow: the first time may have been the machine.
  if (took > target.limit) result = await attempt();
  tally.cases++;
  tally.slowest = Math.max(tally.slowest, took);
  const what =
    result.finding ??
    (took > target.limit ? `took ${Math.round(took)} ms, the limit is ${target.limit}` : null) ??
    (grew > largestGrowth && target.parallel === undefined ? `grew the resident set by ${Math.round(grew)} MiB` : null);
  if (what !== null) {
    const finding = { target: target.name, case: number, what };
    tally.findings.push(finding);
    options.onFinding?.(finding);
  } else if (result.code === null) tally.right++;
  else tally.refused.set(result.code!, (tally.refused.get(result.code!) ?? 0) + 1);
}

/** Null for a right answer, else the code of the refusal. */
async function outcome(target: Target, dice: Dice): Promise<string | null> {
  try {
    await target.run(dice);
    return null;
  } catch (error) {
    return judge(error, target.file);
  }
}

const newTally = (target: string): Tally => ({
  target,
  cases: 0,
  right: 0,
  refused: new Map(),
  slowest: 0,
  peak: 0,
  growth: 0,
  findings: [],
});

const peakMiB = () => process.resourceUsage().maxRSS / 1024;
