import type { Slice } from '../chunks.js';
import type { Scorer } from '../detectors/method.js';
import { subjectScore, type VerdictOptions } from '../detectors/verdict.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { IntensityHistogram } from '../maths/volume/histogram.js';
import type { SubjectScore } from '../results.js';
import { type Stage, stage } from './stage.js';

export interface JudgeIntensitiesOptions extends VerdictOptions {
  /** `detector.scorer`. */
  readonly scorer: Scorer;
}

/**
 * Slices of the network grid to the verdict on the subject by the histogram of their intensities:
 * one chunk, when the input has ended.
 *
 * @throws SegcanaryError `truncated` when no slice arrives, `scan-unsuitable` for a score that is
 *   not finite
 */
export function judgeIntensities({ scorer, ...options }: JudgeIntensitiesOptions): Stage<Slice, SubjectScore> {
  let histogram: IntensityHistogram | null = null;
  let name = '';
  return stage<Slice, SubjectScore>(
    { name: 'judge-intensities' },
    {
      *transform({ grid, data }) {
        name = grid.scan.case;
        histogram ??= new IntensityHistogram(grid.channels);
        histogram.push(contiguous(data));
      },
      *flush() {
        if (histogram === null) throw new SegcanaryError('truncated', 'The scan ended before it could be scored.');
        const score = scorer.distance(Float32Array.from(histogram.shares));
        if (!Number.isFinite(score))
          throw new SegcanaryError('scan-unsuitable', 'its intensities are not numbers; check the scan.', {
            subject: name,
          });
        yield subjectScore({ case: name, score, patches: 0, worstPatch: null }, options);
      },
    },
  );
}
