/**
 * Kills the built command line with SIGKILL at seeded random moments of fit, calibrate, score,
 * segment and evaluate, and checks that no final name ever holds a part of a file, that cache
 * entries which are damaged in between are found out, and that the same command run to its end
 * gives what it gives undisturbed. Half of the moments are drawn from the clock, half from what
 * happens in the output folders, so that the short windows around renames are met too.
 *
 *     npm run kill -- [--kills 200] [--seed 0]
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Random, random } from '../examples/phantom/random.js';
import { segcanary } from '../test/support/cli.js';
import { type Command, commandsOf } from './commands.js';
import { damageCache } from './damage.js';
import { digestOf, MAY_DIFFER } from './inventory.js';
import { namedTemporaries, outputsOf, wrongAfterKill, wrongAtEnd } from './judge.js';
import { withLab } from './lab.js';
import { isMain, table } from './program.js';
import { type Reference, refer, type Start } from './reference.js';
import { countWrites } from './watch.js';

export interface KillOptions {
  readonly kills: number;
  readonly seed: number;
  /** Commands by name. @default all */
  readonly commands?: readonly string[];
  readonly onTrial?: (kills: number) => void;
}

/** What happened to one command. */
export interface KillCounts {
  kills: number;
  /** Those of them that came by what happened in the output folders. */
  atWrites: number;
  /** Runs that were over before their moment came. */
  escaped: number;
  /** Hidden names that kills left. */
  leftovers: number;
  /** Empty temporary files that kills left. */
  emptyTemporaries: number;
  damaged: number;
  toTheEnd: number;
}

export interface KillReport {
  readonly counts: Readonly<Record<string, KillCounts>>;
  readonly violations: readonly string[];
}

export function killCampaign({ kills, seed, commands: names, onTrial }: KillOptions): Promise<KillReport> {
  return withLab(async (lab) => {
    const commands = commandsOf(lab).filter(({ name }) => names?.includes(name) ?? true);
    const references: Reference[] = [];
    for (const command of commands) references.push(await refer(command, lab.folder));
    const counts: Record<string, KillCounts> = Object.fromEntries(commands.map(({ name }) => [name, noCounts()]));
    const violations: string[] = [];
    let total = 0;
    for (let trial = 0; total < kills; trial++) {
      const reference = references[trial % references.length];
      const { name } = reference.command;
      const before = counts[name].kills;
      const work = join(lab.folder, `trial-${trial}`);
      const wrong = await disturb(work, reference, counts[name], random(seed * 1_000_003 + trial));
      violations.push(...wrong.map((what) => `${name}, trial ${trial} of seed ${seed}: ${what}`));
      rmSync(work, { recursive: true });
      total += counts[name].kills - before;
      onTrial?.(total);
    }
    return { counts, violations };
  });
}

const noCounts = (): KillCounts => ({
  kills: 0,
  atWrites: 0,
  escaped: 0,
  leftovers: 0,
  emptyTemporaries: 0,
  damaged: 0,
  toTheEnd: 0,
});

/**
 * One command in a folder of its own: killed a few times, its cache damaged in between, then run to
 * its end. What was wrong, in sentences.
 */
async function disturb(work: string, reference: Reference, counts: KillCounts, next: Random): Promise<string[]> {
  const { command } = reference;
  const start: Start = next() < 0.5 ? 'fresh' : 'done';
  if (start === 'done') cpSync(reference.kept, work, { recursive: true });
  else {
    mkdirSync(work);
    command.prepare(work);
  }
  mkdirSync(join(work, 'tmp'));
  const wrong: string[] = [];
  const damaged = new Map<string, string>();
  const perhapsDamage = () => {
    const name = next() < 0.5 ? damageCache(work, outputsOf(work).files.keys(), next) : null;
    if (name === null) return;
    damaged.set(name, digestOf(join(work, name)));
    counts.damaged++;
  };
  perhapsDamage();
  do {
    if ((await runAndKill(work, reference, start, counts, next)) === 'escaped') break;
    const found = outputsOf(work);
    counts.leftovers += found.leftovers.length;
    wrong.push(...wrongAfterKill(found, reference, damaged));
    perhapsDamage();
  } while (next() < 0.6);
  wrong.push(...(await runToTheEnd(work, reference)));
  counts.toTheEnd++;
  const temporaries = namedTemporaries(join(work, 'tmp'));
  counts.emptyTemporaries += temporaries.empty;
  return [...wrong, ...temporaries.wrong];
}

async function runAndKill(
  work: string,
  { command, lengths }: Reference,
  start: Start,
  counts: KillCounts,
  next: Random,
): Promise<'killed' | 'escaped'> {
  const { ms, writes } = lengths[start];
  const byClock = next() < 0.5;
  const moment = next();
  const ran = await segcanary(command.args, {
    ...place(work),
    started: (child) => {
      const kill = () => child.kill('SIGKILL');
      const timer = byClock ? setTimeout(kill, moment * ms) : undefined;
      const at = byClock ? 0 : 1 + Math.floor(moment * writes);
      const watched = countWrites(foldersOf(work, command), at, kill);
      child.once('exit', () => {
        clearTimeout(timer);
        watched.stop();
      });
    },
  });
  if (ran.signal !== 'SIGKILL') {
    counts.escaped++;
    return 'escaped';
  }
  counts.kills++;
  counts.atWrites += Number(!byClock);
  return 'killed';
}

async function runToTheEnd(work: string, reference: Reference): Promise<string[]> {
  const ran = await segcanary(reference.command.args, place(work));
  const wrong = wrongAtEnd(outputsOf(work), reference);
  if (ran.code !== 0) wrong.push(`the run after it ended with ${ran.code}: ${ran.stderr.trim()}`);
  if (String(ran.stdout) !== reference.stdout) wrong.push('the run after it printed something else');
  return wrong;
}

const place = (work: string) => ({ cwd: work, env: { TMPDIR: join(work, 'tmp') } });

const foldersOf = (work: string, { writes }: Command): string[] => [work, ...writes.map((name) => join(work, name))];

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: { kills: { type: 'string', default: '200' }, seed: { type: 'string', default: '0' } },
  });
  const started = performance.now();
  const { counts, violations } = await killCampaign({
    kills: Number(values.kills),
    seed: Number(values.seed),
    onTrial: (kills) => process.stderr.write(`\r${kills} kills`),
  });
  const head = ['command', 'kills', 'at writes', 'escaped', 'leftovers', 'empty tmp', 'damaged', 'to the end'];
  const rows = Object.entries(counts).map(([name, c]) => [
    name,
    c.kills,
    c.atWrites,
    c.escaped,
    c.leftovers,
    c.emptyTemporaries,
    c.damaged,
    c.toTheEnd,
  ]);
  const sums = head.slice(1).map((_, i) => rows.reduce((sum, row) => sum + Number(row[i + 1]), 0));
  console.log(`\n${table(head, [...rows, ['all', ...sums]])}`);
  console.log(`Compared byte by byte but for ${MAY_DIFFER}.`);
  for (const violation of violations) console.log(violation);
  console.log(`${violations.length} violations, seed ${values.seed}, ${seconds(started)} s`);
  if (violations.length > 0) process.exitCode = 1;
}

function seconds(started: number): string {
  return ((performance.now() - started) / 1000).toFixed(0);
}
