import { isAbort, SegcanaryError } from '../errors.js';
import { failureOf, type ScanFailure } from '../results.js';
import { hashInput, orientationOf, type ScanInput } from './inputs.js';

export interface TrainingScansOptions {
  readonly inputs: readonly ScanInput[];
  readonly onFailure?: ((failure: ScanFailure) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The training scans that could be read, and what a detector writes down of them. */
export interface TrainingScans<T> {
  /** What was made of each. */
  readonly read: readonly T[];
  /** sha256 of each. */
  readonly hashes: string[];
  /** Where their axes run to, each once, sorted. */
  readonly orientations: string[];
  readonly failures: readonly ScanFailure[];
}

/**
 * Reads training scans one after another. One that fails is reported and left out.
 *
 * @param read makes of a scan what the fit needs; it is given the scan's sha256
 * @throws SegcanaryError `fit-failed` when no scan could be read, `aborted`
 */
export async function readTrainingScans<T>(
  { inputs, onFailure, signal }: TrainingScansOptions,
  read: (input: ScanInput, sha256: string) => Promise<T>,
): Promise<TrainingScans<T>> {
  const done: T[] = [];
  const hashes: string[] = [];
  const orientations = new Set<string>();
  const failures: ScanFailure[] = [];
  for (const input of inputs) {
    try {
      const hash = await hashInput(input, signal);
      if (hash === null)
        throw new SegcanaryError('usage', 'is a pipe, and a training scan is read twice; give a file.', {
          subject: input.file,
        });
      const made = await read(input, hash);
      const orientation = await orientationOf(input);
      if (orientation) orientations.add(orientation);
      done.push(made);
      hashes.push(hash);
    } catch (error) {
      if (isAbort(error)) throw error;
      const failure = failureOf(input.case, error);
      failures.push(failure);
      onFailure?.(failure);
    }
  }
  if (done.length === 0)
    throw new SegcanaryError('fit-failed', `None of the ${inputs.length} scans could be read, so nothing was fitted.`);
  return { read: done, hashes, orientations: [...orientations].sort(), failures };
}
