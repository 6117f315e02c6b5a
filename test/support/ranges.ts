import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FileRange } from '../../src/files/file-range.js';

/** Files in one file, as members of an archive are: with bytes between them. */
export function rangesIn(folder: string, files: readonly (readonly [string, Uint8Array])[]): FileRange[] {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'all');
  const between = Buffer.from('between');
  const pieces: Uint8Array[] = [];
  let at = 0;
  const ranges = files.map(([name, bytes]) => {
    pieces.push(between, bytes);
    const start = at + between.length;
    at = start + bytes.length;
    return { name, path, start, length: bytes.length };
  });
  writeFileSync(path, Buffer.concat([...pieces, between]));
  return ranges;
}
