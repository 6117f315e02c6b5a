import { watch } from 'node:fs';

/** Counts what happens to names and files in folders, and tells of the moment of one of them. */
export function countWrites(folders: readonly string[], at = 0, reached?: () => void): { stop(): number } {
  let count = 0;
  const watchers = folders.map((folder) => {
    const watcher = watch(folder, () => {
      if (++count === at) reached?.();
    });
    // A folder that is replaced takes its watcher along.
    watcher.on('error', () => {});
    return watcher;
  });
  return {
    stop() {
      for (const watcher of watchers) watcher.close();
      return count;
    },
  };
}
