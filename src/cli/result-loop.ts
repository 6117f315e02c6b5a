import type { ResultFolder } from '../jobs/result-folder.js';
import { type EarlyVerdict, isFailure, type ScanFailure, type SubjectScore } from '../results.js';
import { EXIT } from './exit.js';
import type { ScanProgress } from './scan-progress.js';
import type { Session } from './session.js';
import { printed } from './words.js';

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
  /** The score in a result, where there is one. */
  readonly scoreOf: (result: T) => SubjectScore | EarlyVerdict | null;
  /** What is printed of a result. */
  readonly lineOf: (result: T) => object;
  readonly failOnOod?: boolean | undefined;
}

/**
 * Prints a line a scan, keeps its score, counts what failed and what is out of distribution.
 *
 * @returns the exit code
 */
export async function reportResults<T extends { readonly case: string; readonly patches: number }>(
  { results, scans, done, stdoutTaken, folder, scoreOf, lineOf, failOnOod }: ResultLoop<T>,
  { log, progress, print }: Session,
): Promise<number> {
  const report = async (line: object) => {
    if (!stdoutTaken) return print(line);
    progress.clear();
    process.stderr.write(`${JSON.stringify(line)}\n`);
  };
  let failed = 0;
  let ood = 0;
  for await (const found of results) {
    const seconds = done.next(found.case).toFixed(1);
    if (isFailure(found)) {
      const failure = printed(found);
      failed++;
      await folder?.add(failure);
      await report(failure);
      log.error(failure.error.message);
    } else {
      const score = scoreOf(found);
      ood += Number(score?.verdict === 'out-of-distribution');
      if (score) await folder?.add(score);
      await report(lineOf(found));
      log.debug(`${found.case}: ${score?.verdict ?? 'segmented'}, ${found.patches} patches, ${seconds} s`);
    }
  }
  progress.clear();
  await folder?.finish();
  if (failed > 0) return scans === 1 ? EXIT.failed : EXIT.someScansFailed;
  return failOnOod && ood > 0 ? EXIT.outOfDistribution : EXIT.done;
}
