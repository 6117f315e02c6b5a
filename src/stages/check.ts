import type { Scan, Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { type Expectations, warningsOfHeader, warningsOfVoxels } from '../formats/plausibility.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { LabelSurvey } from '../maths/volume/label-survey.js';
import type { Warning } from '../results.js';
import { type Stage, stage } from './stage.js';

export interface CheckOptions extends Expectations {
  /**
   * Told of each thing that is probably wrong with the scan: at its first slice where the header
   * says so, at its end where the voxels do.
   */
  readonly onWarning?: ((warning: Warning, name: string) => void) | undefined;
}

const LABELS: Warning = {
  code: 'looks-like-a-segmentation',
  message: 'Its voxels are a few whole numbers in solid pieces: it looks like a segmentation and no image.',
};

/**
 * Lets slices pass and looks at them: what is well-formed and probably wrong becomes a warning, a
 * scan without content is refused. Put it behind `load` or `join`.
 *
 * @throws SegcanaryError `scan-unsuitable` at the end of a scan whose every voxel is the same
 */
export function check({ onWarning, ...expected }: CheckOptions): Stage<Slice, Slice> {
  let scan: Scan | null = null;
  let ranges: { min: number; max: number }[] = [];
  let surveys: LabelSurvey[] = [];
  return stage<Slice, Slice>(
    { name: 'check' },
    {
      *transform(slice) {
        if (scan === null) {
          scan = slice.grid.scan;
          ranges = Array.from({ length: slice.grid.channels }, () => ({
            min: Number.POSITIVE_INFINITY,
            max: Number.NEGATIVE_INFINITY,
          }));
          surveys = ranges.map(() => new LabelSurvey());
          for (const warning of warningsOfHeader(scan, expected)) onWarning?.(warning, scan.case);
        }
        const data = contiguous(slice.data);
        const plane = data.length / ranges.length;
        for (const [c, range] of ranges.entries()) {
          let { min, max } = range;
          for (let i = c * plane; i < (c + 1) * plane; i++) {
            const value = data[i];
            if (value < min) min = value;
            if (value > max) max = value;
          }
          range.min = min;
          range.max = max;
          surveys[c].push(data.subarray(c * plane, (c + 1) * plane), slice.grid.shape[2]);
        }
        yield slice;
      },
      flush() {
        if (scan === null) return [];
        if (ranges.every(({ min, max }) => min === max)) {
          throw new SegcanaryError(
            'scan-unsuitable',
            `every voxel is ${ranges[0].min}, there is nothing in the scan to judge; export it again.`,
            { subject: scan.case },
          );
        }
        if (surveys.every(({ isSegmentation }) => isSegmentation)) onWarning?.(LABELS, scan.case);
        for (const warning of warningsOfVoxels(ranges, expected)) onWarning?.(warning, scan.case);
        return [];
      },
    },
  );
}
