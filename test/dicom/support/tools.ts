import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type Ran, type RunOptions, runProcess } from '../../support/cli.js';

const root = join(import.meta.dirname, '../../..');
const cached = join(root, process.env.SEGCANARY_PEERS ?? '.peers', 'venv/bin/python');

/** The Python that `scripts/dicom-peers.sh` made. */
export function pythonPath(): string {
  const path = process.env.SEGCANARY_PYTHON ?? cached;
  if (!existsSync(path))
    throw new Error('No peers: SEGCANARY_PYTHON=$(scripts/dicom-peers.sh) npm run test:dicom installs and finds them.');
  return path;
}

const ended = (name: string, ran: Ran) =>
  new Error(`${name}: ${ran.code ?? ran.signal}\n${ran.stdout.toString()}${ran.stderr}`);

/** A program of Debian's: dcmtk's, dcm2niix, dciodvfy. What it prints, both ways. */
export async function tool(name: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const ran = await runProcess(name, args, options);
  if (ran.code !== 0) throw ended(`${name} ${args.join(' ')}`, ran);
  return ran.stdout.toString() + ran.stderr;
}

/** A script of test/oracle; what it prints is JSON. */
export async function oracle<Answer>(script: string, ...args: readonly string[]): Promise<Answer> {
  const ran = await runProcess(pythonPath(), [join(root, 'test/oracle', script), ...args]);
  if (ran.code !== 0) throw ended(script, ran);
  return JSON.parse(ran.stdout.toString()) as Answer;
}

/** A program that a package of the peers' Python brings, as dcmqi's `tid1500reader`. */
export const pythonTool = (name: string, args: readonly string[]): Promise<string> =>
  tool(join(pythonPath(), '..', name), args);

/** A port of loopback that nobody listens on now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

/** Comes back when something listens on a port of loopback. */
export async function listening(port: number, what: string): Promise<void> {
  const answers = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => resolve(false));
      socket.on('connect', () => {
        socket.destroy();
        resolve(true);
      });
    });
  await until(`${what} listens`, answers);
}

/** Asks until the answer is neither false nor null nor undefined; gives it. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  seconds = 60,
): Promise<Exclude<T, false | null | undefined>> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== false && answer !== null && answer !== undefined)
      return answer as Exclude<T, false | null | undefined>;
    if (Date.now() > end) throw new Error(`Not within ${seconds} s: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
