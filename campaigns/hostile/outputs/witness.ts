import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { sha256 } from '../../../src/files/hash.js';
import { isPassingName } from '../../../src/files/leftovers.js';
import { dataTypes } from '../../../src/formats/nifti/datatypes.js';
import { headerLength, parseHeader } from '../../../src/formats/nifti/header.js';

/** Remembers every file by the name under which it is read, and says later which have changed. */
export function witness(paths: readonly string[]): () => string[] {
  const hashes = new Map(paths.map((path) => [path, hashOf(path)]));
  return () => [...hashes].flatMap(([path, hash]) => (hashOf(path) === hash ? [] : [`the input ${path} has changed`]));
}

const hashOf = (path: string): string | null =>
  existsSync(path) && statSync(path).isFile() ? sha256(readFileSync(path)) : null;

/** Every file of a folder, those in its subfolders too, links followed. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .map((entry) => join(folder, entry.name))
    .flatMap((path) => (!existsSync(path) ? [] : statSync(path).isDirectory() ? filesBelow(path) : [path]));
}

/**
 * What is wrong with the files of a folder: parts of images and of JSON, and what was left behind.
 *
 * @param inputs that may be broken, also where they lie in the folder under another name
 */
export function halves(folder: string, inputs: readonly string[] = []): string[] {
  if (!existsSync(folder)) return [];
  const idOf = (path: string) => `${statSync(path).dev}:${statSync(path).ino}`;
  const given = new Set(inputs.filter((path) => existsSync(path)).map(idOf));
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (isPassingName(name) || name.startsWith('.segcanary-')) return [`${path} was left`];
    if (!existsSync(path) || !statSync(path).isFile() || given.has(idOf(path))) return [];
    try {
      if (name.endsWith('.json')) JSON.parse(readFileSync(path, 'utf8'));
      if (/\.nii(\.gz)?$/.test(name)) wholeImage(path);
      return [];
    } catch (error) {
      return [`${path} is not whole: ${(error as Error).message}`];
    }
  });
}

function wholeImage(path: string): void {
  const stored = readFileSync(path);
  const bytes = stored[0] === 0x1f && stored[1] === 0x8b ? gunzipSync(stored) : stored;
  const header = parseHeader(bytes.subarray(0, headerLength(bytes) ?? 348), { name: basename(path) });
  const [z, y, x] = header.shape;
  const wanted = header.voxelOffset + z * y * x * header.volumes * dataTypes[header.dataType].bytes;
  if (bytes.length !== wanted) throw new Error(`${bytes.length} bytes for ${wanted}`);
}
