import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { integer, type Random } from '../examples/phantom/random.js';

/** Flips a bit of a file or cuts it, at a place that `next` decides. */
export function damage(path: string, next: Random): void {
  const bytes = readFileSync(path);
  const at = integer(next, 0, bytes.length - 1);
  if (next() < 0.5) truncateSync(path, at);
  else {
    bytes[at] ^= 1 << integer(next, 0, 7);
    writeFileSync(path, bytes);
  }
}

/** Damages one entry of the caches among these files, if there is one. Gives back its name. */
export function damageCache(folder: string, files: Iterable<string>, next: Random): string | null {
  const entries = [...files].filter((name) => /\.(embeddings|examined)$/.test(name)).sort();
  if (entries.length === 0) return null;
  const name = entries[integer(next, 0, entries.length - 1)];
  damage(join(folder, name), next);
  return name;
}
