import { type ChildProcess, spawn } from 'node:child_process';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from './build.js';
import { wordsOf } from './dockerfile.js';

/** The number of the user `node` in node's images. */
const NODE_USER = 1000;

/** What a container is given from outside: absolute paths in the image, and where they are here. */
export type Mounts = Readonly<Record<string, string>>;

/**
 * Gives the image's user what is its own: volumes. Where this is run without the right to,
 * everything is the caller's own anyway.
 */
export function giveVolumes({ root, owned, user }: Image): void {
  if (user !== 'node' || process.getuid?.() !== 0) return;
  for (const path of owned) chownSync(join(root, path), NODE_USER, NODE_USER);
}

/**
 * Runs words of the Dockerfile as a container would: the image's user, its environment and nothing
 * of ours but the path of Node.
 */
export function runIn(image: Image, words: readonly string[], mounts: Mounts = {}): ChildProcess {
  const [command, ...args] = words.map((word) => hostPath(image, word, mounts));
  const env = Object.fromEntries(
    Object.entries(image.env).map(([key, value]) => [key, hostPath(image, value, mounts)]),
  );
  const switching = image.user === 'node' && process.getuid?.() === 0 ? { uid: NODE_USER, gid: NODE_USER } : {};
  return spawn(command === 'node' ? process.execPath : command!, args, {
    cwd: join(image.root, image.workdir),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...switching,
  });
}

/** ENTRYPOINT and what follows it: CMD, or what is given instead. */
export function commandOf({ settings }: Image, instead?: readonly string[]): string[] {
  const of = (name: string) => wordsOf(settings.get(name)?.rest ?? '[]');
  return [...of('ENTRYPOINT'), ...(instead ?? of('CMD'))];
}

/** The words of HEALTHCHECK. */
export const healthcheckOf = ({ settings }: Image): string[] =>
  wordsOf((settings.get('HEALTHCHECK')?.rest ?? '').replace(/^(--[a-z-]+=\S+\s+)*CMD\s+/, ''));

/** How a process ended, and what it said. */
export function ended(child: ChildProcess): Promise<{ readonly code: number | null; readonly text: string }> {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, text }));
  });
}

function hostPath({ root }: Image, word: string, mounts: Mounts): string {
  if (!word.startsWith('/')) return word;
  return mounts[word] ?? join(root, word);
}
