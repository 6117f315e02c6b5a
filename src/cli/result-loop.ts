import { controlFalseDiscoveries, describeFalseDiscoveries } from '../jobs/false-discoveries.js';
import type { ScanInput } from '../jobs/inputs.js';
import type { KeptScore, ResultFolder } from '../jobs/result-folder.js';
import { isFailure, type ScanFailure } from '../results.js';
import { EXIT } from './exit.js';
import type { ScanProgress } from './scan-progress.js';
import type { Session } from './session.js';
import { printed } from './words.js';

/** Scans that were found already, and who else wants to know what comes of them. */
export interface GivenScans {
  readonly inputs: readonly ScanInput[];
  /** Whether what is written goes when all is done: no line then names a file. @default false */
  readonly isPassing?: boolean | undefined;
  readonly onResult?: ((result: { readonly case: string } | ScanFailure) => void) | undefined;
}

export interface ResultLoop<T> {
  /** What comes of every scan, in the order in which they were asked for. */
  readonly results: AsyncIterable<T | ScanFailure>;
  /** Scans that were asked for. */
  readonly scans: number;
  readonly done: ScanProgress;
  /** Stdout carries bytes of a scan, so that the lines go to stderr. */
  readonly stdoutTaken: boolean;
  /** Where scores are kept, if anywhere. */
  readonly folder: ResultFolder | null;
  /** What is kept of a result: its score, where there is one. */
  readonly scoreOf: (result: T) => KeptScore | null;
  /** What is printed of a result. */
  readonly lineOf: (result: T) => object;
  /** Told of every result, failures too. */
  readonly onResult?: ((result: T | ScanFailure) => void) | undefined;
  readonly failOnOod?: boolean | undefined;
  /** Share of false discoveries. Lines then come at the end and say whether they are flagged. */
  readonly fdr?: number | undefined;
}

/**
 * Prints a line a scan, keeps its score, counts what failed and what is out of distribution.
 *
 * @returns the exit code
 */
export async function reportResults<T extends { readonly case: string; readonly patches: number }>(
  { results, scans, done, stdoutTaken, folder, scoreOf, lineOf, onResult, failOnOod, fdr }: ResultLoop<T>,
  { log, progress, print }: Session,
): Promise<number> {
  const report = async (line: object) => {
    if (!stdoutTaken) return print(line);
    progress.clear();
    process.stderr.write(`${JSON.stringify(line)}\n`);
  };
  const batch: (T | ScanFailure)[] = [];
  const tell = async (found: T | ScanFailure, line: object) => {
    if (fdr === undefined) await report(line);
    else batch.push(found);
  };
  let failed = 0;
  let ood = 0;
  for await (const found of results) {
    const seconds = done.next(found.case).toFixed(1);
    onResult?.(found);
    if (isFailure(found)) {
      const failure = printed(found);
      failed++;
      await folder?.add(failure);
      await tell(failure, failure);
      log.error(failure.error.message);
    } else {
      const score = scoreOf(found);
      ood += Number(score?.verdict === 'out-of-distribution');
      if (score) await folder?.add(score);
      await tell(found, lineOf(found));
      log.debug(`${found.case}: ${score?.verdict ?? 'segmented'}, ${found.patches} patches, ${seconds} s`);
    }
  }
  progress.clear();
  if (fdr !== undefined) {
    const scores = batch.flatMap((found) => (isFailure(found) ? [] : (scoreOf(found) ?? [])));
    const discoveries = controlFalseDiscoveries(scores, fdr);
    const flagged = new Set(discoveries.flagged);
    for (const found of batch)
      await report(isFailure(found) ? found : { ...lineOf(found), flaggedAtFdr: flagged.has(found.case) });
    await folder?.finish(discoveries);
    log.info(describeFalseDiscoveries(discoveries));
    ood = flagged.size;
  } else await folder?.finish();
  // Whoever asks whether a scan is out of distribution is told so, whatever became of the others.
  if (failOnOod && ood > 0) return EXIT.outOfDistribution;
  if (failed > 0) return scans === 1 ? EXIT.failed : EXIT.someScansFailed;
  return EXIT.done;
}
