import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The built command line. */
export const CLI = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

export interface Measured {
  readonly stdout: string;
  readonly seconds: number;
  /** Peak resident set of the process, MB. */
  readonly peakMb: number;
}

/**
 * Runs `node ARGS` as a process of its own, with bytes on its stdin, and measures it from outside.
 */
export async function runNode(args: readonly string[], stdin?: Readable): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'segcanary-bench-'));
  const peak = join(folder, 'peak');
  try {
    const hook = pathToFileURL(fileURLToPath(new URL('./peak.mjs', import.meta.url))).href;
    const started = performance.now();
    const child = spawn(process.execPath, ['--import', hook, ...args], {
      stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'inherit'],
      env: { ...process.env, SEGCANARY_PEAK: peak },
    });
    let stdout = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    if (stdin && child.stdin) await pipeline(stdin, child.stdin);
    const code = await ended;
    if (code !== 0) throw new Error(`node ${args.join(' ')} exited with ${code}`);
    return { stdout, seconds: (performance.now() - started) / 1000, peakMb: Number(readFileSync(peak, 'utf8')) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The environment that test/oracle/setup.sh makes. */
const PYTHON = join(process.env.SEGCANARY_ORACLE_VENV ?? join(homedir(), '.cache/segcanary-oracle'), 'bin/python');

/** Runs a Python script that prints one JSON object as its last line. */
export async function runPython<T>(script: string, args: readonly string[]): Promise<T> {
  const child = spawn(PYTHON, [script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${script} ${args.join(' ')} exited with ${code}`);
  return JSON.parse(out.trim().split('\n').at(-1) as string) as T;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

/** What the figures were measured on. */
export const machine = (): string =>
  `${cpus()[0]?.model ?? 'unknown CPU'}, ${availableParallelism()} cores, Node ${process.version}`;
