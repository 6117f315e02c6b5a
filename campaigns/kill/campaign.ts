import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Dice } from '../dice.js';
import { CLI, MODEL, makeDetector, type Workshop } from '../workshop.js';
import { hiddenFiles, type Outputs, outputsOf, visibleFiles } from './outputs.js';

export interface KillOptions {
  /** Empty; everything is written here. */
  readonly folder: string;
  readonly kills: number;
  readonly seed: number;
  /** Names of commands. @default all */
  readonly only?: readonly string[];
}

export interface CommandReport {
  readonly name: string;
  kills: number;
  /** Runs that went to their end after kills. */
  ended: number;
  damaged: number;
  leftovers: number;
  /** An undisturbed run. */
  readonly seconds: number;
}

/** A command that is killed: what it needs before it starts, and what it is told. */
interface Victim {
  readonly name: string;
  prepare(out: string): void;
  args(out: string): readonly string[];
  /** Folder of its cache, if it has one. */
  cache?(out: string): string;
}

/** @returns what happened to each command, and a sentence for everything that should not have */
export async function killCampaign({ folder, kills, seed, only }: KillOptions) {
  const workshop = await makeDetector(join(folder, 'workshop'));
  const commands: CommandReport[] = [];
  const violations: string[] = [];
  const victims = victimsOf(workshop, folder).filter(({ name }) => only?.includes(name) ?? true);
  for (const [v, victim] of victims.entries()) {
    const reference = await undisturbed(victim, join(folder, 'out'));
    const report: CommandReport = {
      name: victim.name,
      kills: 0,
      ended: 0,
      damaged: 0,
      leftovers: 0,
      seconds: reference.seconds,
    };
    commands.push(report);
    const share = Math.floor(kills / victims.length) + Number(v < kills % victims.length);
    for (let round = 0; report.kills < share; round++) {
      const dice = new Dice(`${seed}/${victim.name}/${round}`);
      const found = await oneRound(victim, join(folder, 'out'), reference, dice, report);
      violations.push(...found.map((what) => `${victim.name}, round ${round}: ${what}`));
    }
  }
  return { commands, violations };
}

interface Reference {
  readonly outputs: Outputs;
  readonly seconds: number;
}

async function undisturbed(victim: Victim, out: string): Promise<Reference> {
  fresh(victim, out);
  const started = performance.now();
  const { code, stderr } = await run(victim.args(out));
  if (code !== 0) throw new Error(`${victim.name} exited with ${code}: ${stderr}`);
  return { outputs: outputsOf(out), seconds: (performance.now() - started) / 1000 };
}

/** One to three kills one after another, then a run to the end. */
async function oneRound(
  victim: Victim,
  out: string,
  { outputs, seconds }: Reference,
  dice: Dice,
  report: CommandReport,
) {
  const found: string[] = [];
  fresh(victim, out);
  for (let kill = 1 + dice.int(0, 3 - 1); kill > 0; kill--) {
    const after = (dice.int(0, 1050 - 1) / 1000) * seconds * 1000;
    const { signal } = await run(victim.args(out), after);
    report.kills += Number(signal === 'SIGKILL');
    for (const [path, hash] of Object.entries(outputsOf(out)))
      if (hash !== outputs[path] && !replaced(victim, path))
        found.push(
          `${path} is there under its final name after a kill at ${after.toFixed(0)} ms, and is not what it should be`,
        );
    if (victim.cache && dice.chance(1 / 2)) report.damaged += damage(victim.cache(out), dice);
  }
  const { code, stderr } = await run(victim.args(out));
  report.ended++;
  if (code !== 0) found.push(`the run after it exited with ${code}: ${stderr.trim()}`);
  const end = outputsOf(out);
  for (const path of new Set([...Object.keys(outputs), ...Object.keys(end)]))
    if (end[path] !== outputs[path]) found.push(`${path} is ${end[path] ? 'another' : 'missing'} at the end`);
  report.leftovers += hiddenFiles(out).length;
  return found;
}

/** detector.json is there before it is calibrated, and is replaced whole: it may be the old one. */
const replaced = ({ name }: Victim, path: string): boolean =>
  name === 'calibrate' && basename(path) === 'detector.json';

function fresh(victim: Victim, out: string): void {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out);
  victim.prepare(out);
}

function victimsOf({ train, heldOut, detector, scan }: Workshop, folder: string): Victim[] {
  const cohort = join(folder, 'cohort.csv');
  const rows = [
    ...[0, 1, 2, 3].map((i) => `train_${i},${join(train, `scan_${i}.nii.gz`)},,train,id,,`),
    ...[100, 101].map((i) => `val_${i},${join(heldOut, `scan_${i}.nii.gz`)},,val,id,,`),
    `test_id,${join(heldOut, 'scan_102.nii.gz')},,test,id,,`,
    `test_ood,${scan},,test,ood,other,`,
  ];
  writeFileSync(cohort, `case,image,label,split,group,shift,dataset\n${rows.join('\n')}\n`);
  const nothing = () => {};
  const inOut = (name: string) => (out: string) => join(out, name);
  return [
    {
      name: 'fit',
      prepare: nothing,
      args: (out) => [
        'fit',
        '-q',
        '-m',
        MODEL,
        '-i',
        train,
        '-o',
        join(out, 'detector'),
        '--cache',
        join(out, 'cache'),
      ],
      cache: inOut('cache'),
    },
    {
      name: 'calibrate',
      prepare: (out) => cpSync(detector, join(out, 'detector'), { recursive: true }),
      args: (out) => ['calibrate', '-q', '-d', join(out, 'detector'), '-i', heldOut],
    },
    {
      name: 'score',
      prepare: nothing,
      args: (out) => ['score', '-q', '-d', detector, '-i', heldOut, '-o', join(out, 'results')],
    },
    {
      name: 'segment',
      prepare: nothing,
      args: (out) => ['segment', '-q', '-m', MODEL, '-d', detector, '-i', heldOut, '-o', join(out, 'results')],
    },
    {
      name: 'evaluate',
      prepare: nothing,
      args: (out) => [
        'evaluate',
        '-q',
        cohort,
        '-m',
        MODEL,
        '-o',
        join(out, 'results'),
        '--cache',
        join(out, 'cache'),
        '--resamples',
        '20',
      ],
      cache: inOut('cache'),
    },
  ];
}

/** Flips a byte of one entry, or cuts it short. */
function damage(cache: string, dice: Dice): number {
  const entries = visibleFiles(cache);
  if (entries.length === 0) return 0;
  const path = dice.pick(entries);
  const bytes = readFileSync(path);
  if (dice.chance(1 / 3)) truncateSync(path, dice.int(0, bytes.length - 1));
  else {
    const at = dice.int(0, bytes.length - 1);
    bytes[at] = bytes[at]! ^ (1 << dice.int(0, 8 - 1));
    writeFileSync(path, bytes);
  }
  return 1;
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
}

/** @param killAfter ms */
function run(args: readonly string[], killAfter?: number): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stderr });
    });
  });
}
