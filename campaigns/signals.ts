/**
 * SIGINT and SIGTERM at seeded random moments of fit, calibrate, score, segment and evaluate: the
 * exit code is the signal's, and nothing hidden, temporary or partial is left.
 *
 *     npm run build && npx tsx campaigns/signals.ts [--signals 60] [--seed 0]
 */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Random, random } from '../examples/phantom/random.js';
import { segcanary } from '../test/support/cli.js';
import { type Command, commandsOf } from './commands.js';
import { outputsOf, wrongAfterKill, wrongAtEnd } from './judge.js';
import { withLab } from './lab.js';
import { isMain } from './program.js';
import { type Reference, refer } from './reference.js';
import { countWrites } from './watch.js';

export interface SignalReport {
  /**
   * Runs that ended with the code of their signal, that were over before it came, and that it met
   * before Node listened.
   */
  readonly ended: { obeyed: number; over: number; early: number };
  readonly violations: readonly string[];
}

const CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export function signalCampaign(options: {
  readonly signals: number;
  readonly seed: number;
  readonly commands?: readonly string[];
}): Promise<SignalReport> {
  const { signals, seed, commands: names } = options;
  return withLab(async (lab) => {
    const commands = commandsOf(lab).filter(({ name }) => names?.includes(name) ?? true);
    const references: Reference[] = [];
    for (const command of commands) references.push(await refer(command, lab.folder));
    const ended = { obeyed: 0, over: 0, early: 0 };
    const violations: string[] = [];
    for (let trial = 0; trial < signals; trial++) {
      const reference = references[trial % references.length];
      const signal = trial % (2 * references.length) < references.length ? 'SIGINT' : 'SIGTERM';
      const work = join(lab.folder, `signal-${trial}`);
      const wrong = await interrupt(work, reference, signal, ended, random(seed * 1_000_003 + trial));
      violations.push(...wrong.map((what) => `${reference.command.name}, ${signal}, trial ${trial}: ${what}`));
      rmSync(work, { recursive: true });
    }
    return { ended, violations };
  });
}

async function interrupt(
  work: string,
  reference: Reference,
  signal: keyof typeof CODES,
  ended: SignalReport['ended'],
  next: Random,
): Promise<string[]> {
  const { command, lengths } = reference;
  mkdirSync(join(work, 'tmp'), { recursive: true });
  command.prepare(work);
  const byClock = next() < 0.5;
  const moment = next();
  const ran = await segcanary(command.args, {
    cwd: work,
    env: { TMPDIR: join(work, 'tmp') },
    started: (child) => {
      const send = () => child.kill(signal);
      const timer = byClock ? setTimeout(send, moment * lengths.fresh.ms) : undefined;
      const at = byClock ? 0 : 1 + Math.floor(moment * lengths.fresh.writes);
      const watched = countWrites(foldersOf(work, command), at, send);
      child.once('exit', () => {
        clearTimeout(timer);
        watched.stop();
      });
    },
  });
  const found = outputsOf(work);
  const wrong = readdirSync(join(work, 'tmp')).map((name) => `the temporary file ${name} is left`);
  if (ran.code === 0) {
    ended.over++;
    return [...wrong, ...wrongAtEnd(found, reference)];
  }
  // Before the command line listens, Node's own way to go: a shell says 128 + the signal's number
  // all the same.
  if (ran.signal === signal) ended.early++;
  else if (ran.code === CODES[signal]) ended.obeyed++;
  else wrong.push(`it ended with ${ran.code ?? ran.signal}: ${ran.stderr.trim()}`);
  if (/\n\s+at /.test(ran.stderr)) wrong.push(`it printed a stack: ${ran.stderr}`);
  wrong.push(...found.leftovers.map((name) => `${name} is left`), ...wrongAfterKill(found, reference, new Map()));
  return wrong;
}

const foldersOf = (work: string, { writes }: Command): string[] => [work, ...writes.map((name) => join(work, name))];

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: { signals: { type: 'string', default: '60' }, seed: { type: 'string', default: '0' } },
  });
  const { ended, violations } = await signalCampaign({ signals: Number(values.signals), seed: Number(values.seed) });
  for (const violation of violations) console.log(violation);
  const { obeyed, early, over } = ended;
  console.log(`${obeyed} obeyed, ${early} before Node listened, ${over} over before the signal came`);
  console.log(`${violations.length} violations, seed ${values.seed}`);
  if (violations.length > 0) process.exitCode = 1;
}
