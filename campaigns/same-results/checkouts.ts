import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runProcess } from '../../test/support/cli.js';
import { type Outputs, WORDS } from './compare.js';

/** A built checkout, and the folder that its commands run in. */
export interface Checkout {
  readonly root: string;
  readonly cli: string;
  readonly work: string;
}

/** Two checkouts that are compared. */
export interface Pair {
  readonly before: Checkout;
  readonly after: Checkout;
}

/** A command as both run it, under relative names, so that equal runs say equal things. */
export interface Step {
  readonly artefact: string;
  readonly args: readonly string[] | ((checkout: Checkout) => readonly string[]);
  /** A file. */
  readonly stdin?: string;
  /** The exit code that the older one has to end with. @default 0 */
  readonly code?: number;
  /** Its stderr holds results, as beside a volume on stdout. @default false */
  readonly resultOnStderr?: boolean;
  /** Puts into its folder what has to be there before. */
  readonly prepare?: (folder: string, checkout: Checkout) => void;
  /** Where its folder stays, in the checkout's own. @default it goes */
  readonly keep?: string;
}

/** What its folder may hold that is no result. */
const CACHE = 'cache';
export const CACHED = ['--cache', CACHE];

/** @throws Error where the checkout is not built */
export function checkout(root: string, work: string): Checkout {
  const cli = join(resolve(root), 'dist/cli/main.js');
  if (!existsSync(cli)) throw new Error(`${cli} is not there: run \`npm ci && npm run build\` in ${root} first.`);
  mkdirSync(work, { recursive: true });
  return { root: resolve(root), cli, work };
}

/**
 * Runs a step in one checkout.
 *
 * @throws Error where the older one ends with another exit code than the step expects: then there
 *   is nothing to compare with
 */
export async function outputsOf(step: Step, at: Checkout, must: boolean): Promise<Outputs> {
  const { args, stdin, code = 0, keep } = step;
  const folder = join(at.work, keep ?? 'run');
  mkdirSync(folder, { recursive: true });
  step.prepare?.(folder, at);
  const line = typeof args === 'function' ? args(at) : args;
  const ran = await runProcess(process.execPath, [at.cli, ...line], {
    cwd: folder,
    stdin: stdin === undefined ? undefined : readFileSync(stdin),
  });
  if (must && ran.code !== code)
    throw new Error(
      `${step.artefact}: segcanary ${line.join(' ')} ended with ${ran.code} in ${at.root}:\n${ran.stderr}`,
    );
  const outputs = new Map<string, Uint8Array>([
    ['exit code', Buffer.from(String(ran.code))],
    ['stdout', ran.stdout],
    [step.resultOnStderr ? 'result on stderr' : WORDS, Buffer.from(ran.stderr)],
  ]);
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
    if (path.split('/')[0] !== CACHE && statSync(join(folder, path)).isFile())
      outputs.set(path, readFileSync(join(folder, path)));
  if (keep === undefined) rmSync(folder, { recursive: true });
  return outputs;
}
