import { readdirSync, readlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { expect } from 'vitest';
import type { Stage } from '../../src/stages/stage.js';

/** Open descriptors of this process can be counted here. */
export const countsDescriptors = process.platform === 'linux';

/** Open file descriptors of this process; deleted files count until they are closed. */
export function openDescriptors(): number {
  return countsDescriptors ? readdirSync('/proc/self/fd').length : 0;
}

/** What a process holds open below a folder; nothing where that cannot be known. */
export function openBelow(folder: string, process: number | 'self' = 'self'): string[] {
  if (!countsDescriptors) return [];
  const descriptors = `/proc/${process}/fd`;
  return readdirSync(descriptors).flatMap((descriptor) => {
    try {
      const target = readlinkSync(join(descriptors, descriptor));
      return target.startsWith(folder) ? [target] : [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}

/**
 * Gives a stage its first chunk and destroys it: the temporary file that it opened for the chunk is
 * closed again. Temporary files have no name, only the descriptor is left of one.
 */
export async function expectFileGivenBack<In>(stage: Stage<In, unknown>, chunk: In): Promise<void> {
  // By name, for what other tests have open may be closed meanwhile.
  const before = new Set(temporaryFiles());
  stage.resume();
  await new Promise<void>((resolve, reject) =>
    stage.write(chunk, (error: Error | null | undefined) => (error ? reject(error) : resolve())),
  );
  const opened = temporaryFiles().filter((file) => !before.has(file));
  expect(opened).toHaveLength(1);
  stage.destroy();
  await finished(stage).catch(() => {});
  expect(temporaryFiles()).not.toContain(opened[0]);
}

/** Each has a name of its own, also when it is unlinked. */
const temporaryFiles = (): string[] => openBelow(join(tmpdir(), 'segcanary-'));
