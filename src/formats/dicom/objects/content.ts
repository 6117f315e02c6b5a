import { open, stat } from 'node:fs/promises';
import { IMPLEMENTATION, KINDS } from './kinds.js';

/** Enough of a file for its meta information. */
const START = 1024;

const CONTENTS: ReadonlyMap<string, string> = new Map([
  [KINDS.segmentation.sopClass, 'labels'],
  [KINDS.labelmap.sopClass, 'labels'],
  [KINDS.map.sopClass, 'uncertainty'],
  [KINDS.report.sopClass, 'report'],
  [KINDS.page.sopClass, 'page'],
]);

/**
 * What an object is, where its file meta information says that segcanary made it; null for any
 * other file. What is no plain file is not even opened.
 */
export async function contentOfObject(path: string): Promise<string | null> {
  try {
    if (!(await stat(path)).isFile()) return null;
    const file = await open(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(START), 0, START, 0);
      if (buffer.toString('latin1', 128, 132) !== 'DICM') return null;
      // Loaded for who has such a file alone.
      const { default: dicomParser } = await import('dicom-parser');
      const meta = dicomParser.readPart10Header(buffer.subarray(0, bytesRead), { untilTag: 'x00030000' });
      if (meta.string('x00020012') !== IMPLEMENTATION) return null;
      return CONTENTS.get(meta.string('x00020002') ?? '') ?? null;
    } finally {
      await file.close();
    }
  } catch {
    return null;
  }
}
