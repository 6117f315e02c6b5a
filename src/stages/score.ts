import type { MaskSlice, SubjectScore, Warning } from '../chunks.js';
import { type Calibration, uncertaintyOf, verdictOf } from '../detectors/calibration.js';
import { SegcanaryError } from '../errors.js';
import { type Stage, stage } from './stage.js';

export interface ScoreOptions {
  /** The scores of held-out in-distribution scans and the boundaries drawn from them; without one the verdict is `uncalibrated`. */
  readonly calibration?: Calibration | null;
  /** Identity of the detector, repeated in the result. @default null */
  readonly detector?: string | null;
  readonly warnings?: readonly Warning[];
}

/**
 * Slices of the mask to the verdict on the subject: one chunk, when the input has ended.
 *
 * score = mean of the mask over all voxels of the crop box (paper, sec. 2.2). Out of distribution iff score > the conformal boundary.
 *
 * @throws SegcanaryError `truncated` when no slice arrives
 */
export function score(options: ScoreOptions = {}): Stage<MaskSlice, SubjectScore> {
  const { calibration = null, detector = null, warnings = [] } = options;
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
        const value = sum / count;
        yield {
          case: last.scan.case,
          score: value,
          uncertainty: calibration ? uncertaintyOf(value, calibration) : null,
          boundary: calibration ? calibration.boundary.conformal : null,
          verdict: calibration ? verdictOf(value, calibration) : 'uncalibrated',
          patches: last.patches,
          worstPatch: last.worstPatch,
          warnings,
          detector,
        };
      },
    },
  );
}
