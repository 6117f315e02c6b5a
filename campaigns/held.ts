import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process holds, counted by kind. */
export type Held = Readonly<Record<string, number>>;

/**
 * Handles and requests of Node, open files and threads of the process (the last two on Linux
 * alone).
 */
export function heldNow(): Held {
  const held: Record<string, number> = {};
  const count = (kind: string, n = 1) => {
    held[kind] = (held[kind] ?? 0) + n;
  };
  for (const resource of process.getActiveResourcesInfo()) count(`resource ${resource}`);
  for (const target of openFiles()) count(`file ${target}`);
  count('threads', threads());
  return held;
}

/** What is held now and was not before, in words. */
export function moreThan(before: Held, now: Held): string[] {
  return Object.entries(now)
    .filter(([kind, n]) => n > (before[kind] ?? 0))
    .map(([kind, n]) => `${n - (before[kind] ?? 0)} more of ${kind}`);
}

/** Targets of the open descriptors; pipes and sockets without their numbers. */
function openFiles(): string[] {
  try {
    return readdirSync('/proc/self/fd').flatMap((fd) => {
      try {
        return [readlinkSync(`/proc/self/fd/${fd}`).replace(/\[\d+\]/, '')];
      } catch {
        // The folder's own descriptor, closed again.
        return [];
      }
    });
  } catch {
    return [];
  }
}

function threads(): number {
  try {
    return Number(/^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
