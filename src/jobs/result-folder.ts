import { join } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { makeFolder, writeFileAtomically } from '../files/atomic.js';
import { type EarlyVerdict, isFailure, type ScanFailure, type SegmentResult, type SubjectScore } from '../results.js';
import type { FalseDiscoveries } from './false-discoveries.js';

/** What is kept of a scan: its score and, where it was segmented, what to expect of that. */
export type KeptScore = (SubjectScore | EarlyVerdict) & Partial<Pick<SegmentResult, 'quality' | 'trust'>>;

/** Where the uncertainty mask of a case lies in a folder of results. */
export const maskPath = (dir: string, name: string): string => join(dir, `${name}_uncertainty.nii.gz`);

/**
 * Folder out: `{case}.json` and `{case}_uncertainty.nii.gz` a scan, `scores.csv` and `summary.json`
 * when all is done. Every file appears whole or not at all.
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
    return new ResultFolder(dir);
  }

  /** @throws SegcanaryError `usage` for a case whose file would be overwritten by the summary */
  static refuseNames(names: readonly string[]): void {
    if (names.includes('summary')) {
      throw new SegcanaryError(
        'usage',
        'A case named summary would be overwritten by summary.json; rename it or use `case`.',
        { option: 'case' },
      );
    }
  }

  async add(result: KeptScore | ScanFailure): Promise<void> {
    // An explanation is long: it is in the scan's own file, and neither kept nor repeated for all
    // of them.
    const { explanation: _, ...rest } = result as SubjectScore;
    this.#results.push(rest as typeof result);
    await writeFileAtomically(join(this.dir, `${result.case}.json`), `${JSON.stringify(result, null, 2)}\n`);
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
    await writeFileAtomically(join(this.dir, 'scores.csv'), csvOf([head, ...rows]));
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
    await writeFileAtomically(join(this.dir, 'summary.json'), `${JSON.stringify(summary, null, 2)}\n`);
  }
}
