import { isAbort, SegcanaryError } from '../errors.js';
import { failureOf, type ScanFailure, type Warning } from '../results.js';
import { type IdentifyOptions, identifyInput, SeenScans } from './identities.js';
import type { ScanInput } from './inputs.js';
import { orientationOf } from './open-input.js';
import { patientsOf, warningOfPatients } from './patients.js';

export interface TrainingScansOptions extends IdentifyOptions {
  readonly inputs: readonly ScanInput[];
  /** Patient of each case, as `readPatients` gives it. @default what the names say */
  readonly patients?: ReadonlyMap<string, string> | undefined;
  readonly onFailure?: ((failure: ScanFailure) => void) | undefined;
}

/** The training scans that could be read, and what a detector writes down of them. */
export interface TrainingScans<T> {
  /** What was made of each. */
  readonly read: readonly T[];
  /** sha256 of the bytes of each. */
  readonly hashes: string[];
  /** sha256 of the voxels of each, however it is stored. */
  readonly voxels: string[];
  /** The same of the voxels as they lie in the world. */
  readonly oriented: string[];
  /** Where their axes run to, each once, sorted. */
  readonly orientations: string[];
  readonly failures: readonly ScanFailure[];
  /** What the scans together are no good for. */
  readonly warnings: readonly Warning[];
}

/**
 * Reads training scans one after another. One that fails is reported and left out: a segmentation
 * and a scan that is there twice too.
 *
 * @param read makes of a scan what the fit needs; it is given the scan's sha256
 * @throws SegcanaryError `fit-failed` when no scan could be read, `usage` for a case that the table
 *   of patients lacks, `aborted`
 */
export async function readTrainingScans<T>(
  { inputs, onFailure, patients, ...identifying }: TrainingScansOptions,
  read: (input: ScanInput, sha256: string) => Promise<T>,
): Promise<TrainingScans<T>> {
  // A case that the table lacks is told of now, not when the others have been read.
  patientsOf(casesOf(inputs), patients);
  const done: T[] = [];
  const hashes: string[] = [];
  const voxels: string[] = [];
  const oriented: string[] = [];
  const taken: ScanInput[] = [];
  const seen = new SeenScans();
  const orientations = new Set<string>();
  const failures: ScanFailure[] = [];
  for (const input of inputs) {
    try {
      const known = await identifyInput(input, identifying);
      if (known === null)
        throw new SegcanaryError('usage', 'is a pipe, and a training scan is read twice; give a file.', {
          subject: input.file,
        });
      seen.take(input, known);
      const made = await read(input, known.bytes);
      const orientation = await orientationOf(input, identifying);
      if (orientation) orientations.add(orientation);
      done.push(made);
      hashes.push(known.bytes);
      voxels.push(known.voxels);
      oriented.push(known.oriented);
      taken.push(input);
    } catch (error) {
      if (isAbort(error)) throw error;
      const failure = failureOf(input.case, error);
      failures.push(failure);
      onFailure?.(failure);
    }
  }
  if (done.length === 0)
    throw new SegcanaryError('fit-failed', `None of the ${inputs.length} scans could be read, so nothing was fitted.`);
  const warning = warningOfPatients(casesOf(taken), patientsOf(casesOf(taken), patients));
  return {
    read: done,
    hashes,
    voxels,
    oriented,
    orientations: [...orientations].sort(),
    failures,
    warnings: warning ? [warning] : [],
  };
}

const casesOf = (inputs: readonly ScanInput[]): string[] => inputs.map(({ case: name }) => name);
