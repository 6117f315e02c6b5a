import { spawnSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { outputsOf } from '../kill/outputs.js';
import { CLI, MODEL, type Workshop } from '../workshop.js';

export interface Difference {
  readonly what: string;
  /** Every byte of every output is the same. */
  readonly equal: boolean;
  /** Largest relative difference of a number in the JSON outputs. */
  readonly largest: number;
}

/** Runs every command in pairs that should agree. */
export async function compareRuns({ train, heldOut, detector }: Workshop, folder: string): Promise<Difference[]> {
  const scans = readdirSync(heldOut).map((name) => join(heldOut, name));
  const fit = (threads: string) => (out: string) => [
    'fit',
    '-m',
    MODEL,
    '-i',
    train,
    '-o',
    join(out, 'd'),
    '--cache',
    join(out, 'cache'),
    '--threads',
    threads,
  ];
  const score = (inputs: readonly string[], threads: string) => (out: string) => [
    'score',
    '-d',
    detector,
    '-i',
    ...inputs,
    '-o',
    join(out, 'r'),
    '--threads',
    threads,
  ];
  const segment = (threads: string) => (out: string) => [
    'segment',
    '-m',
    MODEL,
    '-d',
    detector,
    '-i',
    heldOut,
    '-o',
    join(out, 'r'),
    '--threads',
    threads,
  ];
  const differences: Difference[] = [];
  const pair = (
    what: string,
    a: (out: string) => readonly string[],
    b: (out: string) => readonly string[],
    skip: readonly string[] = [],
  ) => {
    const results = [a, b].map((args) => {
      // The same folder both times: its name must not be what differs.
      const out = join(folder, 'out');
      rmSync(out, { recursive: true, force: true });
      segcanary(['-q', ...args(out)]);
      const kept = join(folder, `kept-${args === a ? 'a' : 'b'}`);
      rmSync(kept, { recursive: true, force: true });
      cpSync(out, kept, { recursive: true });
      return kept;
    }) as [string, string];
    const [first, second] = results.map((kept) => outputsOf(kept)) as [Record<string, string>, Record<string, string>];
    const names = [...new Set([...Object.keys(first), ...Object.keys(second)])].filter(
      (name) => !skip.some((s) => name.endsWith(s)),
    );
    const different = names.filter((name) => first[name] !== second[name]);
    const largest = Math.max(
      0,
      ...different
        .filter((name) => /\.(json|csv)$/.test(name))
        .map((name) =>
          furthest(readFileSync(join(results[0], name), 'utf8'), readFileSync(join(results[1], name), 'utf8')),
        ),
    );
    differences.push({ what, equal: different.length === 0, largest });
  };
  pair('fit, run twice', fit('2'), fit('2'));
  pair('score with masks, run twice', score(scans, '2'), score(scans, '2'));
  pair('segment with a detector, run twice', segment('2'), segment('2'));
  // The summary lists scans in the order in which they were given.
  pair('score, the batch in another order', score(scans, '2'), score(scans.toReversed(), '2'), [
    'scores.csv',
    'summary.json',
  ]);
  pair('fit, 1 and 2 threads', fit('1'), fit('2'));
  pair('score with masks, 1 and 2 threads', score(scans, '1'), score(scans, '2'));
  pair('segment with a detector, 1 and 2 threads', segment('1'), segment('2'));
  const [scan] = scans as [string];
  const byFile = segcanary(['score', '-q', '-d', detector, '-i', scan, '--case', 'x', '--mask', '-']);
  const byPipe = segcanary(
    ['score', '-q', '-d', detector, '-i', '-', '--case', 'x', '--mask', '-'],
    readFileSync(scan),
  );
  differences.push({
    what: 'score with a mask, a file and stdin',
    equal: Buffer.compare(byFile, byPipe) === 0,
    largest: 0,
  });
  return differences;
}

function segcanary(args: readonly string[], input?: Buffer): Buffer {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], { input, maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`segcanary ${args.join(' ')} exited with ${status}: ${stderr}`);
  return stdout;
}

/** The largest relative difference of numbers at the same place; infinity where the texts differ in more than numbers. */
function furthest(a: string, b: string): number {
  const number = /-?\d+(?:\.\d+)?(?:e[-+]?\d+)?/g;
  // Hashes follow from the rest.
  const bare = (text: string) => text.replace(/[0-9a-f]{64}/g, 'hash');
  const [x, y] = [bare(a).match(number) ?? [], bare(b).match(number) ?? []];
  if (x.length !== y.length) return Number.POSITIVE_INFINITY;
  return Math.max(
    0,
    ...x.map((text, i) => Math.abs(Number(text) - Number(y[i])) / Math.max(Math.abs(Number(text)), 1e-9)),
  );
}
