import { basename } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { hashInput, type ScanInput } from './inputs.js';

/**
 * The sha256 of scans, each read for it once, however often it is asked for.
 *
 * @returns a function that throws SegcanaryError `io`, `usage` for a pipe, `aborted`
 */
export function scanHashes(signal?: AbortSignal): (input: ScanInput) => Promise<string> {
  const hashes = new Map<string, Promise<string>>();
  return (input) => {
    const files = [input.file, ...(input.moreChannels ?? [])].join('\n');
    const known = hashes.get(files) ?? hashInput(input, signal).then((hash) => hash ?? refusePipe(input));
    hashes.set(files, known);
    return known;
  };
}

function refusePipe({ file }: ScanInput): never {
  throw new SegcanaryError('usage', 'is a pipe, and an evaluation is resumed from files; give a file.', {
    subject: basename(file),
  });
}
