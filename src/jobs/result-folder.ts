import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cannotWrite, makeFolder, writeFileAtomically } from '../files/atomic.js';
import { type EarlyVerdict, isFailure, type ScanFailure, type SegmentResult, type SubjectScore } from '../results.js';
import type { FalseDiscoveries } from './false-discoveries.js';
import { type Output, outputOf, outputOfAll } from './outputs.js';

/** What is kept of a scan: its score and, where it was segmented, what to expect of that. */
export type KeptScore = (SubjectScore | EarlyVerdict) & Partial<Pick<SegmentResult, 'quality' | 'trust'>>;

/** Where the images of a case lie in a folder of results. */
export const labelsPath = (dir: string, name: string): string => join(dir, `${name}.nii.gz`);
export const maskPath = (dir: string, name: string): string => join(dir, `${name}_uncertainty.nii.gz`);
export const probabilitiesPath = (dir: string, name: string): string => join(dir, `${name}_probabilities.nii.gz`);

const ofAll = { scores: 'scores.csv', summary: 'summary.json' } as const;

/**
 * Folder out: `{case}.json` and `{case}_uncertainty.nii.gz` a scan, `scores.csv` and `summary.json`
 * when all is done. Every file appears whole or not at all. Those of an earlier run that are of all
 * scans go at once, so that none of them speaks of files that are being replaced.
 */
export class ResultFolder {
  readonly dir: string;
  readonly #results: (KeptScore | ScanFailure)[] = [];

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** @throws SegcanaryError `io` when the folder cannot be made */
  static async open(dir: string): Promise<ResultFolder> {
    await makeFolder(dir);
    for (const name of Object.values(ofAll))
      await rm(join(dir, name), { force: true }).catch((cause: unknown) => {
        throw cannotWrite(join(dir, name), cause);
      });
    return new ResultFolder(dir);
  }

  /** What it is going to hold, beside images. */
  static outputs(dir: string, names: readonly string[]): Output[] {
    return [
      ...Object.entries(ofAll).map(([what, name]) => outputOfAll(`the ${what}`, join(dir, name))),
      ...names.flatMap((name) => outputOf('the result', name, join(dir, `${name}.json`))),
    ];
  }

  async add(result: KeptScore | ScanFailure): Promise<void> {
    // An explanation is long: it is in the scan's own file, and neither kept nor repeated for all
    // of them.
    const { explanation: _, ...rest } = result as SubjectScore;
    this.#results.push(rest as typeof result);
    const path = join(this.dir, `${result.case}.json`);
    await writeFileAtomically(path, `${JSON.stringify(result, null, 2)}\n`).catch((error: unknown) => {
      // A failure that is about that very name cannot be written under it: it is in the lists.
      if (!isFailure(result) || !isAboutName(error)) throw error;
    });
  }

  /**
   * Writes `scores.csv` and `summary.json`.
   *
   * @param falseDiscoveries the scans that are flagged together, where that was asked for
   */
  async finish(falseDiscoveries?: FalseDiscoveries): Promise<void> {
    const head = [
      'case',
      'score',
      'uncertainty',
      'boundary',
      'verdict',
      'patches',
      'worst_distance',
      'worst_x',
      'worst_y',
      'worst_z',
      'error',
      'p_value',
      'expected_dice',
      'dice_at_least',
      'trust',
    ];
    const rows = this.#results.map((r) =>
      isFailure(r)
        ? [r.case, '', '', '', '', '', '', '', '', '', r.error.message, '', '', '', '']
        : [
            r.case,
            // A scan that was decided early has what its score is at least: above the boundary, as
            // the verdict says.
            r.score ?? r.scoreAtLeast,
            r.uncertainty ?? '',
            r.boundary ?? '',
            r.verdict,
            r.patches,
            ...(r.worstPatch ? [r.worstPatch.distance, ...r.worstPatch.centre] : ['', '', '', '']),
            '',
            r.pValue ?? ('pValueAtMost' in r ? r.pValueAtMost : ''),
            r.quality?.dice ?? '',
            r.quality?.atLeast ?? '',
            r.trust ?? '',
          ],
    );
    // A scan on stdin needs none.
    const { csvOf } = await import('../files/csv.js');
    await writeFileAtomically(join(this.dir, ofAll.scores), csvOf([head, ...rows]));
    const count = (verdict: string) => this.#results.filter((r) => !isFailure(r) && r.verdict === verdict).length;
    const summary = {
      scans: this.#results.length,
      failed: this.#results.filter(isFailure).length,
      inDistribution: count('in-distribution'),
      outOfDistribution: count('out-of-distribution'),
      uncalibrated: count('uncalibrated'),
      ...(falseDiscoveries && { falseDiscoveries }),
      results: this.#results,
    };
    await writeFileAtomically(join(this.dir, ofAll.summary), `${JSON.stringify(summary, null, 2)}\n`);
  }
}

/** Whether a file cannot be written because of what it is called, or of what has that name. */
function isAboutName(error: unknown): boolean {
  const { cause } = error as { readonly cause?: NodeJS.ErrnoException };
  return ['ENAMETOOLONG', 'EISDIR', 'EEXIST', 'ENOTEMPTY', 'EILSEQ', 'EINVAL'].includes(cause?.code ?? '');
}
