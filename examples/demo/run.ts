import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/**
 * Runs the built command line as a process of its own, a file piped into its stdin, and returns
 * what it printed.
 */
export async function segcanary(args: readonly string[], stdin?: string): Promise<string> {
  const child = spawn(process.execPath, [CLI, ...args], {
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (stdin !== undefined && child.stdin) await pipeline(createReadStream(stdin), child.stdin);
  const code = await ended;
  if (code !== 0) throw new Error(`segcanary ${args.join(' ')} exited with ${code}`);
  return out;
}
