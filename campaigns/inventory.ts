import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { isPassingName } from '../src/files/leftovers.js';

/**
 * What lies in a folder: files under final names by what they hold, and names that are not final.
 */
export interface Inventory {
  readonly files: ReadonlyMap<string, string>;
  readonly leftovers: readonly string[];
}

export function inventory(folder: string): Inventory {
  const files = new Map<string, string>();
  const leftovers: string[] = [];
  const walk = (at: string) => {
    for (const entry of readdirSync(at, { withFileTypes: true })) {
      const path = join(at, entry.name);
      if (isPassingName(entry.name)) leftovers.push(relative(folder, path));
      else if (entry.isDirectory()) walk(path);
      else files.set(relative(folder, path), digestOf(path));
    }
  };
  walk(folder);
  return { files, leftovers };
}

/**
 * What may differ between two runs over the same scans: how long they took and how much memory
 * there was.
 */
export const MAY_DIFFER = 'seconds and peakMemory of results.json and *.examined, and their sentence in report.html';

/** sha256 of a file without what may differ. */
export function digestOf(path: string): string {
  return digest(withoutCost(basename(path), readFileSync(path)));
}

/**
 * What a file holds without what may differ. A file that is not what its name says keeps every
 * byte, and so equals no reference.
 */
export function withoutCost(path: string, bytes: Uint8Array): Buffer {
  const name = basename(path);
  const whole = Buffer.from(bytes);
  const text = (content: string | null) => (content === null ? whole : Buffer.from(content));
  if (name === 'results.json') return text(uncosted(whole.toString()));
  if (name === 'report.html') return text(whole.toString().replace(/A scan took [^<]*? of memory\./, ''));
  if (name.endsWith('.examined')) return text(examined(name, whole));
  return whole;
}

/** An entry of the cache is whole where its own hash says so: `<sha256 of key and json> <json>`. */
function examined(name: string, bytes: Buffer): string | null {
  const text = bytes.toString();
  const json = text.slice(65);
  const key = name.replace(/\.examined$/, '');
  return text[64] === ' ' && text.slice(0, 64) === digest(`${key}${json}`) ? uncosted(json) : null;
}

function uncosted(json: string): string | null {
  try {
    const { seconds: _, peakMemory: __, ...rest } = JSON.parse(json) as Record<string, unknown>;
    return JSON.stringify(rest);
  } catch {
    return null;
  }
}

const digest = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
