import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const cli = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * Address space in KiB: onnxruntime's pools and V8's reservations take about 2 GiB of it before
 * there is any model.
 */
const addressSpace = 8 * 2 ** 20;
/** MiB that are really used. */
export const largestResident = 2048;
/**
 * Milliseconds after which a child is killed. A busy machine stalls it, so this is more than the
 * limit of its case.
 */
const patience = 60_000;

export interface ChildResult {
  readonly code: number | null;
  /** What ended it, where it did not end by itself. */
  readonly killed: string | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the built command line with bounded memory and time.
 *
 * @param started told of the process, to signal it; what it returns is called when that has ended
 */
export function runCli(
  args: readonly string[],
  started?: (child: ChildProcess) => (() => void) | undefined,
): Promise<ChildResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      '/bin/sh',
      ['-c', `ulimit -v ${addressSpace}; exec "$@"`, 'sh', process.execPath, cli, '--json', ...args],
      {
        env: { ...process.env, NODE_OPTIONS: '--max-old-space-size=512' },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let killed: string | null = null;
    const kill = (why: string) => {
      killed ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => kill(`did not end in ${patience} ms`), patience);
    const watch = setInterval(() => {
      const resident = residentOf(child.pid!);
      if (resident > largestResident) kill(`took ${Math.round(resident)} MiB`);
    }, 50);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout.length < 1e6) stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (stderr.length < 1e6) stderr += text;
    });
    child.on('error', reject);
    const ended = started?.(child);
    child.on('close', (code, signal) => {
      ended?.();
      clearTimeout(timer);
      clearInterval(watch);
      resolve({ code, killed: killed ?? signal, stdout, stderr });
    });
  });
}

/** MiB, by Linux; elsewhere the address space and the heap alone are bounded. */
function residentOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
