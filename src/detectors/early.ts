import { SegcanaryError } from '../errors.js';
import { refuseUnlessOnFeatures } from './opened.js';
import type { Detector } from './saved.js';

/** What a scan that is stopped early cannot have. */
interface WholeScanOptions {
  readonly mask?: unknown;
  readonly explain?: boolean | undefined;
}

/**
 * Refuses `early` beside what needs a whole scan, and for detectors under which nothing is certain
 * before a scan has ended: the score has to be at least a mean of distances that cannot be
 * arbitrarily small, and there has to be a boundary that it can pass.
 *
 * @throws SegcanaryError `usage`
 */
export function refuseEarly(detector: Detector, { mask, explain }: WholeScanOptions = {}): void {
  if (mask !== undefined) throw needsEveryPatch('A mask');
  if (explain) throw needsEveryPatch('An explanation');
  refuseUnlessOnFeatures(detector, 'early');
  const { dir, method, description, scorer } = detector;
  if (scorer.least === -Number.POSITIVE_INFINITY)
    throw new SegcanaryError(
      'usage',
      `a distance of ${method.name} may be as low as can be, so that a score can still fall and nothing can be decided early; leave \`early\` out.`,
      { option: 'early', subject: dir },
    );
  if (description.calibration === null)
    throw new SegcanaryError(
      'usage',
      `is not calibrated, so nothing can be decided early; run segcanary calibrate, or leave \`early\` out.`,
      { option: 'early', subject: dir },
    );
}

const needsEveryPatch = (what: string): SegcanaryError =>
  new SegcanaryError('usage', `${what} needs every patch and \`early\` stops before the last; leave one of them out.`, {
    option: 'early',
  });
