import type { Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { IntensityHistogram } from '../maths/volume/histogram.js';
import type { PatchScorer } from './method.js';

/** Looks at the slices of one scan for the part of its score that is of their intensities. */
export interface IntensityWatch {
  /** Takes a slice of the network grid. */
  look(slice: Slice): void;
  /**
   * What the intensities say, when every slice has been seen: on the scale of the score.
   *
   * @throws SegcanaryError `scan-unsuitable` for intensities that are not numbers,
   *   `detector-invalid` for other channels than the detector was fitted on
   */
  distance(): number;
}

/** A watch for one scan; null where the detector judges patches alone. */
export function watchIntensities({ intensities }: Pick<PatchScorer, 'intensities'>): IntensityWatch | null {
  if (!intensities) return null;
  let histogram: IntensityHistogram | null = null;
  let name = '';
  return {
    look({ grid, data }) {
      name = grid.scan.case;
      histogram ??= new IntensityHistogram(grid.channels);
      histogram.push(contiguous(data));
    },
    distance() {
      const shares = histogram?.shares ?? [];
      if (shares.length !== intensities.d)
        throw new SegcanaryError(
          'detector-invalid',
          `its intensities fill ${shares.length} bins, and the detector was fitted on ${intensities.d}; score scans of the same channels.`,
          { subject: name },
        );
      const distance = intensities.distance(shares);
      if (Number.isFinite(distance)) return distance;
      throw new SegcanaryError('scan-unsuitable', 'its intensities are not numbers; check the scan.', {
        subject: name,
      });
    },
  };
}
