import type { Quality } from '../results.js';
import type { ServerDetector } from './detectors.js';
import type { RecordedScore } from './score.js';
import { holding } from './wrong-answer.js';

/** Relative: more than sums of float64 differ by, less than any two p-values. */
const ROUNDING = 1e-9;
const near = (a: number, b: number): boolean => Math.abs(a - b) <= ROUNDING * Math.max(1, Math.abs(a), Math.abs(b));
const isShare = (value: number): boolean => value >= 0 && value <= 1;

/**
 * What follows from one part of a score for another: its verdict from score and boundary, and what
 * an uncalibrated one cannot have.
 *
 * @throws WrongAnswer
 */
export function checkScore(result: RecordedScore): void {
  const { score, boundary, verdict, pValue, uncertainty, patches, quality, trust, voxels } = result;
  holding(patches >= 1, `patches: a score is of ${patches} patches`);
  if (boundary === null) {
    holding(verdict === 'uncalibrated', `verdict: it is ${verdict}, and there is no boundary`);
    holding(uncertainty === null, 'uncertainty: there is one without a boundary');
    holding((pValue ?? null) === null, 'pValue: there is one without a boundary');
  } else {
    const follows = score > boundary ? 'out-of-distribution' : 'in-distribution';
    holding(verdict === follows, `verdict: it is ${verdict} of a score of ${score} at a boundary of ${boundary}`);
    holding(pValue !== null, 'pValue: there is none beside a boundary');
    // An older server sends none.
    if (typeof pValue === 'number') holding(pValue > 0 && pValue <= 1, `pValue: ${pValue} is no probability`);
  }
  holding(uncertainty === null || isShare(uncertainty), `uncertainty: ${uncertainty} is not within 0 and 1`);
  if (quality) checkQuality(quality);
  holding(trust !== 'yes' || verdict === 'in-distribution', `trust: it is yes of a scan that is ${verdict}`);
  for (const [label, n] of Object.entries(voxels ?? {}))
    holding(Number.isInteger(n) && n >= 0, `voxels: label ${label} has ${n}`);
}

function checkQuality({ dice, atLeast, level, perLabel }: Quality): void {
  for (const one of [{ dice, atLeast }, ...Object.values(perLabel)]) {
    holding(isShare(one.dice), `quality: ${one.dice} is no Dice`);
    holding(one.atLeast === null || isShare(one.atLeast), `quality: ${one.atLeast} is no Dice`);
    holding(one.atLeast === null || one.atLeast <= one.dice, `quality: ${one.dice} is below its lower bound`);
  }
  holding(level === null || isShare(level), `quality: ${level} is no level`);
}

/**
 * What follows for a score from the detector that the server says it has.
 *
 * @throws WrongAnswer
 */
export function checkAgainst(
  { score, boundary, pValue, uncertainty, detector: judge }: RecordedScore,
  { hash, calibration }: Partial<Pick<ServerDetector, 'hash' | 'calibration'>>,
): void {
  holding(
    hash === undefined || judge === hash,
    `detector: the scan was judged by ${judge} and the server listed ${hash}; it was probably restarted with another, so ask again`,
  );
  if (calibration === undefined) return;
  holding(
    boundary === (calibration?.boundary.conformal ?? null),
    `boundary: it is ${boundary} and the detector's ${calibration?.boundary.conformal ?? null}`,
  );
  if (calibration === null) return;
  const { n, min, max } = calibration;
  const width = 2 * max - min;
  const follows = width > 0 ? Math.min(Math.max((score - min) / width, 0), 1) : null;
  holding(
    uncertainty === follows || (uncertainty !== null && follows !== null && near(uncertainty, follows)),
    `uncertainty: it is ${uncertainty}, and ${follows} follows from the score`,
  );
  if (typeof pValue !== 'number') return;
  // (1 + those at least as large) / (n + 1).
  const rank = pValue * (n + 1);
  const isWhole = near(rank, Math.round(rank));
  holding(isWhole && near(rank, 1) === score > max, `pValue: ${pValue} does not follow from ${n} scores up to ${max}`);
  holding(near(pValue, 1) === score <= min, `pValue: ${pValue} does not follow from ${n} scores from ${min} on`);
}
