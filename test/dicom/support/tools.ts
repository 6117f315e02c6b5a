import { existsSync } from 'node:fs';
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
