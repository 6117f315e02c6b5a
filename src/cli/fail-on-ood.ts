import { SegcanaryError } from '../errors.js';

/**
 * Refuses `--fail-on-ood` where no scan could ever be out of distribution: its exit code would say
 * that all is well.
 *
 * @param calibrated number of calibration scans of the detector
 * @throws SegcanaryError `usage`
 */
export function refuseUncalibrated({ failOnOod }: { readonly failOnOod?: boolean }, calibrated: number): void {
  if (!failOnOod || calibrated > 0) return;
  throw new SegcanaryError(
    'usage',
    'The detector is not calibrated, so that --fail-on-ood could not tell; calibrate it first, or leave it out.',
  );
}
