import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '../files/atomic.js';
import { sha256 } from '../files/hash.js';

/** A value that was written under a key, or null where there is none or a damaged one. */
export async function readSealed(path: string, key: string): Promise<unknown> {
  const text = await readFile(path, 'utf8').catch(() => null);
  const json = text?.slice(65);
  return json !== undefined && text?.slice(0, 65) === headOf(key, json) ? JSON.parse(json) : null;
}

/**
 * Writes a value as JSON behind a hash of itself and its key. The file appears whole.
 *
 * @throws SegcanaryError `io`
 */
export async function writeSealed(path: string, key: string, value: unknown): Promise<void> {
  const json = JSON.stringify(value);
  await writeFileAtomically(path, headOf(key, json) + json);
}

/** sha256 in hex over key and JSON, and a space. */
const headOf = (key: string, json: string): string => `${sha256(key, json)} `;
