import { basename } from 'node:path';
import { isAbort, SegcanaryError } from '../errors.js';
import { type IdentifyOptions, identifyInput, namesOf } from './identities.js';
import { hashInput } from './open-input.js';
import { keyOf, type ScanInput } from './scan-input.js';

/**
 * The sha256 of scans, each read for it once, however often it is asked for.
 *
 * @returns a function that throws SegcanaryError `io`, `usage` for a pipe, `aborted`
 */
export function scanHashes(signal?: AbortSignal): (input: ScanInput) => Promise<string> {
  const hashes = new Map<string, Promise<string>>();
  return (input) => {
    const key = keyOf(input);
    const known = hashes.get(key) ?? hashInput(input, signal).then((hash) => hash ?? refusePipe(input));
    hashes.set(key, known);
    return known;
  };
}

/**
 * What two scans have in common that are the same one, however it is stored: any of these.
 *
 * @param hashOf from `scanHashes`
 * @returns a function that throws what `hashOf` does; of a scan that cannot be read it gives the
 *   hash of its bytes
 */
export function scanNames(
  hashOf: (input: ScanInput) => Promise<string>,
  options: IdentifyOptions,
): (input: ScanInput) => Promise<readonly string[]> {
  return async (input) => {
    const bytes = await hashOf(input);
    // It fails by itself when it is read for the network.
    const known = await identifyInput(input, { ...options, bytes }).catch((error: unknown) => {
      if (isAbort(error)) throw error;
      return null;
    });
    return known ? namesOf(known) : [bytes];
  };
}

function refusePipe({ file }: ScanInput): never {
  throw new SegcanaryError('usage', 'is a pipe, and an evaluation is resumed from files; give a file.', {
    subject: basename(file),
  });
}
