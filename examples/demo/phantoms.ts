import { type ChildProcess, fork } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CohortCase } from '../phantom/cohort.js';

const GENERATE = fileURLToPath(new URL('./generate.ts', import.meta.url));

/** Scans that are being computed. */
export interface Phantoms {
  /** Waits until all of these scans are there. */
  made(items: readonly CohortCase[]): Promise<void>;
  /** How many scans are there. */
  readonly count: number;
}

/**
 * Computes scans in processes of their own, in the order in which they are given, so that whoever
 * needs the first ones goes on while the others are computed.
 */
export function computePhantoms(cases: readonly CohortCase[], folder: string, processes = 2): Phantoms {
  for (const name of ['truth', ...cases.map((c) => c.group)]) mkdirSync(join(folder, name), { recursive: true });
  const made = new Set<string>();
  const news = new EventEmitter();
  // Everything that waits for a scan listens, and there may be more than ten.
  news.setMaxListeners(0);
  const queue = cases.values();
  for (let i = 0; i < processes; i++) {
    compute(queue, fork(GENERATE, [folder]), (name) => {
      made.add(name);
      news.emit('made');
    }).catch((error) => news.emit('error', error));
  }
  return {
    async made(items) {
      while (!items.every(({ name }) => made.has(name))) await once(news, 'made');
    },
    get count() {
      return made.size;
    },
  };
}

async function compute(queue: Iterable<CohortCase>, child: ChildProcess, onMade: (name: string) => void) {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`generate.ts exited with ${code}`);
  });
  for (const { name, group } of queue) {
    // Test scans are wanted last: their computation takes the cores when the detector leaves them.
    if ((group === 'test' || group === 'shifted') && child.pid !== undefined)
      setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
    child.send(name);
    await Promise.race([once(child, 'message'), ended]);
    onMade(name);
  }
  ended.catch(() => {});
  child.disconnect();
}
