import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject } from 'vitest';
import { jsonLines, type Ran, type RunOptions, segcanary } from '../../support/cli.js';

// Cases are named by a key of these tests, and none is made in anybody's home.
process.env.SEGCANARY_KEY = '18'.repeat(32);

export const variants = inject('variants');
export const detector = join(variants, 'detector');
export const variant = (name: string): string => join(variants, name);
export const fresh = (): string => mkdtempSync(join(variants, 'out-'));

/** Stands in every attribute of the series that says who the patient is; and the birth date. */
const WHO = /ZQSENTINEL|19370421/i;

/** Nothing that a program said, or is called, tells of the patient. */
export function expectNobody(said: string): void {
  expect(WHO.exec(said)?.[0] ?? null).toBeNull();
}

/** Runs the built command; whatever it says on stdout and stderr, it names no patient. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await segcanary(args, options);
  expectNobody(ran.stdout.toString('latin1') + ran.stderr);
  return ran;
}

export interface Line {
  readonly case: string;
  readonly score: number;
  readonly verdict: string;
  readonly warnings?: readonly { readonly code: string; readonly message: string }[];
  readonly error?: { readonly code: string; readonly message: string };
  readonly [field: string]: unknown;
}

export const linesOf = (ran: Ran): Line[] => jsonLines(ran) as unknown as Line[];

/** The lines that `score` prints of inputs. */
export async function score(inputs: readonly string[], more: readonly string[] = [], options: RunOptions = {}) {
  const ran = await run(['score', '-d', detector, '-i', ...inputs, ...more], options);
  return { ...ran, lines: linesOf(ran) };
}

/** The one line that `score` prints of one good scan. */
export async function scoreOf(input: string, more: readonly string[] = [], options: RunOptions = {}): Promise<Line> {
  const { code, lines, stderr } = await score([input], more, options);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(lines).toHaveLength(1);
  return lines[0];
}

/** The error that `score` ends a scan with: one sentence, exit code 1. */
export async function refusal(input: string, more: readonly string[] = []) {
  const { code, lines, stderr, stdout } = await score([input], more);
  expect(stdout.toString() + stderr).not.toMatch(/\n {4}at /);
  expect(code).toBe(1);
  expect(lines).toHaveLength(1);
  const { error } = lines[0];
  if (error === undefined) throw new Error(`Not refused: ${JSON.stringify(lines[0])}`);
  return error;
}

export const codes = (line: Line): string[] => (line.warnings ?? []).map(({ code }) => code);

/** Runs a command, and tells the most memory that it held, in MB. Linux alone. */
export async function peakOf(args: readonly string[]): Promise<{ ran: Ran; peak: number }> {
  let peak = 0;
  let timer: NodeJS.Timeout | undefined;
  const ran = await run(args, {
    started: (child) => {
      timer = setInterval(() => {
        peak = Math.max(peak, highWater(child.pid));
      }, 20);
    },
  });
  clearInterval(timer);
  return { ran, peak };
}

/** The most memory that a process held so far, MB; 0 where it is gone. */
export function highWater(pid: number | undefined): number {
  const status = `/proc/${pid}/status`;
  if (!existsSync(status)) return 0;
  try {
    return Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(status, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    // It ended in between.
    return 0;
  }
}

/** Every file below a folder. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
