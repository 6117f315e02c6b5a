import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));
export const MODEL = fileURLToPath(new URL('../../examples/phantom/model', import.meta.url));

export interface Ran {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: Uint8Array | NodeJS.ReadableStream;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called once the process runs. */
  readonly started?: (child: ReturnType<typeof spawn>) => void;
}

/** What a command that takes half a minute says to show that it is alive, as on a busy machine. */
const ALIVE = /^segcanary: (\d+\/\d+ (scans|.*: done|.*: patch \d+ of \d+|\S+\.nii\.gz)|fitting .*|looking at .*)\n/gm;

/** Runs the built command line as a user would: a process of its own. */
export async function segcanary(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran = await runProcess(process.execPath, [CLI, ...args], options);
  return { ...ran, stderr: ran.stderr.replace(ALIVE, '') };
}

export function runProcess(
  command: string,
  args: readonly string[],
  { stdin, cwd, env, started }: RunOptions = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    });
    const out: Buffer[] = [];
    let stderr = '';
    child.stdout?.on('data', (bytes: Buffer) => out.push(bytes));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout: Buffer.concat(out), stderr }));
    if (stdin && child.stdin) {
      child.stdin.on('error', () => {});
      if (stdin instanceof Uint8Array) child.stdin.end(stdin);
      else stdin.pipe(child.stdin);
    }
    started?.(child);
  });
}

/** The JSON lines of a result. */
export const jsonLines = (ran: Ran): Record<string, unknown>[] =>
  ran.stdout
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
