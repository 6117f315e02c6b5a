import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Random } from '../random.js';
import { type Folder, writeDetectorCase } from './detector.js';
import { niftiCase } from './nifti.js';
import { onnxCase } from './onnx.js';
import { type Finding, type Tally, unfit } from './run.js';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
/** ms: a process, a network and a small scan, on two busy cores. */
const LIMIT = 30_000;
/** kB of address space. onnxruntime, its threads and V8 reserve some 12 GB of it and use little. */
const ADDRESS_SPACE = 24 * 1024 * 1024;

/** Damaged models, detectors and scans through the built command line, each a process of its own: loading ends in an answer or one sentence, never in a signal. */
export async function runChildren(
  { seed, from, to }: { readonly seed: number; readonly from: number; readonly to: number },
  { detector, scan }: { readonly detector: Folder; readonly scan: Uint8Array },
): Promise<Tally> {
  const refused: Record<string, number> = {};
  const findings: Finding[] = [];
  let [right, slowest] = [0, 0];
  for (let i = from; i < to; i++) {
    const random = new Random(seed, 'children', i);
    const folder = mkdtempSync(join(tmpdir(), 'segcanary-fuzz-'));
    const args = writeCase(folder, random, detector, scan);
    const started = performance.now();
    const { code, signal, stdout, stderr } = await run(args);
    slowest = Math.max(slowest, performance.now() - started);
    rmSync(folder, { recursive: true, force: true });
    const found = (what: string) => findings.push({ target: 'children', case: i, what: `${args[0]}: ${what}` });
    const lines = stderr.trim().split('\n').filter(Boolean);
    if (signal !== null || code === null) found(`ended by ${signal}: ${lines.slice(-3).join(' | ').slice(0, 500)}`);
    else if (code === 0) right++;
    else if (![1, 2, 3].includes(code)) found(`exit code ${code}: ${lines.slice(-3).join(' | ').slice(0, 500)}`);
    else {
      const errors = lines.filter((line) => !/ is left out: /.test(line));
      const last = errors.at(-1) ?? '';
      const wrong = unfit(last.replaceAll('\r', ''));
      if (errors.length !== 1 || wrong)
        found(`${errors.length} lines on stderr${wrong ? `, ${wrong}` : ''}: ${errors.join(' | ').slice(0, 500)}`);
      const key = `${args[0]} ${/"code":"([a-z-]+)"/.exec(stdout)?.[1] ?? code}`;
      refused[key] = (refused[key] ?? 0) + 1;
    }
  }
  return { cases: to - from, right, refused, slowest, findings };
}

/** Files of a case, and the command that reads them. */
function writeCase(folder: string, random: Random, detector: Folder, scan: Uint8Array): string[] {
  const path = (name: string) => join(folder, name);
  if (random.oneIn(2)) {
    writeFileSync(path('model.onnx'), onnxCase(random));
    return ['taps', path('model.onnx')];
  }
  writeDetectorCase(detector, folder, random);
  if (random.oneIn(4)) return ['inspect', folder];
  writeFileSync(path('scan.nii'), random.oneIn(3) ? niftiCase(random) : scan);
  return ['score', '-d', folder, '-i', path('scan.nii'), '--limits', 'seconds=10'];
}

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const limited = `ulimit -v ${ADDRESS_SPACE}; exec "$0" "$@"`;
    const child = spawn('bash', ['-c', limited, process.execPath, '--max-old-space-size=1024', CLI, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: LIMIT,
      killSignal: 'SIGKILL',
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}
