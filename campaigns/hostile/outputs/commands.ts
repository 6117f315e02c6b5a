import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Ran, segcanary } from '../../../test/support/cli.js';
import type { Ring, Trial } from '../attack.js';
import { LAYOUTS, type Layout } from './layouts.js';
import { filesBelow, halves, witness } from './witness.js';

/** Runs of each layout; every run draws its names and spellings anew. */
const ROUNDS = 2;

/**
 * Layouts of inputs and outputs through the built command line: every input stays as it is, what is
 * refused is refused before anything is written, and what is written is whole.
 */
export async function* commandTrials(ring: Ring): AsyncGenerator<Trial> {
  const all = Array.from({ length: ROUNDS }, () => LAYOUTS).flat();
  const count = Math.min(all.length, Math.max(4, Math.round(all.length * ring.share)));
  // Spread over all of them where a share is tried.
  for (let i = 0; i < count; i++) yield await run(all[Math.floor((i * all.length) / count)], i, ring);
}

async function run(layout: Layout, i: number, { lab, folder, dice }: Ring): Promise<Trial> {
  const root = join(folder, `${layout.name}-${i}`);
  mkdirSync(root);
  const what = `${layout.name} (run ${i})`;
  const at = (...parts: string[]) => join(root, ...parts);
  const made = await layout.make({ at, dice, lab, run: (...args) => segcanary(quietly(args), { cwd: root }) });
  const inputs = [...filesBelow(root), ...made.reads].filter((path) => !made.replaces?.includes(path));
  const unchanged = witness(inputs);
  const before = filesBelow(root).sort().join('\n');
  const ran = made.stdin ? shell(made.args, made.stdin, root) : await segcanary(quietly(made.args), { cwd: root });
  const wrong = [...unchanged(), ...wrongWithLines(ran)];
  if (!made.codes.includes(ran.code ?? -1)) wrong.push(`exit code ${ran.code}: ${ran.stderr.slice(0, 400)}`);
  if (ran.code === 2 && filesBelow(root).sort().join('\n') !== before) wrong.push('a refusal left files, or took some');
  if (ran.code === 2 && !REASON.test(ran.stderr)) wrong.push(`refused for another reason: ${ran.stderr}`);
  if (made.output !== undefined) wrong.push(...halves(at(made.output), inputs));
  wrong.push(...(made.check?.(ran) ?? []));
  const warned = ran.code === 0 && ran.stderr.includes('warning:');
  const trial: Trial =
    wrong.length > 0
      ? { what, outcome: 'finding', why: wrong.join('; ') }
      : { what, outcome: ran.code === 0 ? (warned ? 'warned' : 'harmless') : 'refused', why: layout.name };
  if (wrong.length === 0) rmSync(root, { recursive: true });
  return trial;
}

/** What a refusal of a layout says. */
const REASON = /would overwrite|would be both|which the detector replaces whole/;

const quietly = (args: readonly string[]): string[] =>
  args[0] === 'simulate' ? [...args] : [...args, '--threads', '1'];

/** With a file as stdin, as a shell opens it. */
function shell(args: readonly string[], stdin: string, cwd: string): Ran {
  const cli = join(import.meta.dirname, '../../../dist/cli/main.js');
  const line = '"$0" "$@" < "$STDIN"';
  const ran = spawnSync('sh', ['-c', line, process.execPath, cli, ...quietly(args)], {
    cwd,
    env: { ...process.env, STDIN: stdin },
  });
  return { code: ran.status, signal: ran.signal, stdout: ran.stdout, stderr: ran.stderr.toString() };
}

/** Results are JSON, a line each; what is said is in lines that begin as lines of segcanary do. */
function wrongWithLines({ stdout, stderr }: Ran): string[] {
  const lines = stdout.toString().split('\n').filter(Boolean);
  const wrong = lines.filter((line) => line.startsWith('{') && !isJson(line)).map((line) => `no JSON: ${line}`);
  for (const line of stderr.split('\n').filter(Boolean))
    if (!/^(segcanary: |\(|error: )/.test(line) || /\p{Cc}/u.test(line))
      wrong.push(`a line of stderr: ${JSON.stringify(line)}`);
  return wrong;
}

function isJson(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}
