import type { PatchDistance, WorstPatch } from '../chunks.js';
import { pValueOf } from '../detectors/calibration.js';
import { type VerdictOptions, verdictBasis } from '../detectors/verdict.js';
import { SegcanaryError } from '../errors.js';
import { patchCentre } from '../maths/window/place.js';
import { patchWeights } from '../maths/window/uncertainty-mask.js';
import type { EarlyVerdict } from '../results.js';
import { type Stage, stage } from './stage.js';

/**
 * A verdict that nothing still to come can change. It ends the pipeline as an error does, and is
 * none.
 */
export class Decided extends Error {
  constructor(readonly verdict: EarlyVerdict) {
    super('The verdict is certain before the end of the scan.');
    this.name = 'Decided';
  }
}

/**
 * Relative: more than the sums here and in `score` may round (some 1e-13 for a thousand patches),
 * and less than anybody would call a difference.
 */
const MARGIN = 1e-9;

export interface DecideOptions extends VerdictOptions {
  /** No distance is below this: `detector.scorer.least`. @default 0 */
  readonly least?: number;
}

/**
 * Lets distances pass until the scan is certainly out of distribution, then throws `Decided`.
 *
 * score >= sum over patches of distance_i * w_i, where the w_i follow from grid and tiling alone,
 * are never negative and sum to 1 (`patchWeights`). No distance is below `least`, so the sum over
 * the patches seen so far, and `least` for the others, less a relative 1e-9 for what rounds, is a
 * lower bound: once it passes the boundary, the score will. With the last patch the score itself is
 * there, so it passes.
 *
 * @throws Decided; SegcanaryError `usage` without a calibration, `detector-invalid` for a distance
 *   below `least`
 */
export function decide({ least = 0, ...options }: DecideOptions): Stage<PatchDistance, PatchDistance> {
  const { calibration } = options;
  if (!calibration)
    throw new SegcanaryError(
      'usage',
      'Without a boundary nothing can be decided early; calibrate the detector first, or leave `early` out.',
      { option: 'early' },
    );
  const { conformal } = calibration.boundary;
  let weights: Float64Array | null = null;
  // Sums of what is above 0 and below it, and the weight of the patches seen.
  let [above, below, seen] = [0, 0, 0];
  let worst: WorstPatch | null = null;
  return stage<PatchDistance, PatchDistance>(
    { name: 'decide' },
    {
      *transform(patch) {
        const { grid, tiling, tile, index, distance } = patch;
        weights ??= patchWeights(grid, tiling);
        if (distance < least)
          throw new SegcanaryError(
            'detector-invalid',
            `patch ${index} has a distance of ${distance}, so that nothing can be decided early; leave \`early\` out.`,
            { option: 'early', subject: grid.scan.case },
          );
        if (distance >= 0) above += distance * weights[index];
        else below -= distance * weights[index];
        seen += weights[index];
        if (worst === null || distance > worst.distance) worst = { distance, centre: patchCentre(grid, tiling, tile) };
        const open = least * Math.max(1 - seen, 0);
        const scoreAtLeast = (above + Math.max(open, 0)) * (1 - MARGIN) - (below - Math.min(open, 0)) * (1 + MARGIN);
        if (scoreAtLeast > conformal && index + 1 < weights.length) {
          throw new Decided({
            case: grid.scan.case,
            score: null,
            scoreAtLeast,
            pValue: null,
            pValueAtMost: pValueOf(scoreAtLeast, calibration),
            uncertainty: null,
            ...verdictBasis(options),
            verdict: 'out-of-distribution',
            patches: index + 1,
            worstPatch: worst,
          });
        }
        yield patch;
      },
    },
  );
}
