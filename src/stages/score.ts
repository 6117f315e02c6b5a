import type { MaskSlice } from '../chunks.js';
import { subjectScore, type VerdictOptions } from '../detectors/verdict.js';
import { SegcanaryError } from '../errors.js';
import type { SubjectScore } from '../results.js';
import { type Stage, stage } from './stage.js';

export interface ScoreOptions extends VerdictOptions {
  /**
   * Asked once every patch has come, for what the intensities of the whole scan say, where the
   * detector judges them too (`watchIntensities`).
   */
  readonly intensities?: (() => number) | undefined;
}

/**
 * Slices of the mask to the verdict on the subject: one chunk, when the input has ended.
 *
 * score = mean of the mask over all voxels of the crop box (paper, sec. 2.2), or what the
 * intensities say where that is more. Out of distribution iff score > the conformal boundary.
 *
 * @throws SegcanaryError `truncated` when no slice arrives; what `intensities` throws
 */
export function score({ intensities, ...options }: ScoreOptions = {}): Stage<MaskSlice, SubjectScore> {
  let sum = 0;
  let count = 0;
  let last: MaskSlice | null = null;
  return stage<MaskSlice, SubjectScore>(
    { name: 'score' },
    {
      *transform(slice) {
        sum += slice.sum;
        count += slice.count;
        last = slice;
      },
      *flush() {
        if (last === null)
          throw new SegcanaryError('truncated', 'The scan ended before a single patch could be scored.');
        const { scan, patches, worstPatch } = last;
        const mean = sum / count;
        const value = intensities ? Math.max(mean, intensities()) : mean;
        yield subjectScore({ case: scan.case, score: value, patches, worstPatch }, options);
      },
    },
  );
}
