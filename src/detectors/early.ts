import { SegcanaryError } from '../errors.js';
import { onlyOnFeatures } from './opened.js';
import type { Detector } from './saved.js';

/**
 * Refuses `early` for detectors under which nothing is certain before a scan has ended: the score
 * has to be a mean of distances that are never negative, and there has to be a boundary that it can
 * pass.
 *
 * @throws SegcanaryError `usage`
 */
export function refuseEarly(detector: Detector): void {
  const { dir, method, description } = detector;
  if (detector.kind !== 'features') throw onlyOnFeatures(detector, 'early');
  if (!detector.method.nonNegative)
    throw new SegcanaryError(
      'usage',
      `a distance of ${method.name} may be negative, so that a score can still fall and nothing can be decided early; leave \`early\` out.`,
      { option: 'early', subject: dir },
    );
  if (description.calibration === null)
    throw new SegcanaryError(
      'usage',
      `is not calibrated, so nothing can be decided early; run segcanary calibrate, or leave \`early\` out.`,
      { option: 'early', subject: dir },
    );
}

/**
 * Refuses what needs a whole scan beside `early`.
 *
 * @param what is asked for, with its article: `A mask`; nothing where it is falsy
 * @throws SegcanaryError `usage`
 */
export function refuseBeside(what: string | false | undefined): void {
  if (!what) return;
  throw new SegcanaryError(
    'usage',
    `${what} needs every patch and \`early\` stops before the last; leave one of them out.`,
    { option: 'early' },
  );
}
