import { SegcanaryError } from '../errors.js';
import { Ranks } from './ranks.js';

/**
 * Conformal p-values of a stream, each score ranked among the calibration scores and all scores
 * before it, itself included:
 *
 *     p_t = (#{s > s_t} + U_t #{s = s_t}) / (n + t)
 *
 * with n calibration scores and U_t uniform on (0, 1]. While calibration and stream are
 * exchangeable, p_1, p_2, … are independent and uniform, whatever the distribution of the scores
 * and however many are the same (Vovk, Nouretdinov and Gammerman 2003; Vovk 2021). Ranked among the
 * calibration scores alone they are not independent: all of them depend on the same n scores. Only
 * the order of the scores matters, not their values.
 */
export class ConformalPValues {
  readonly #ranks = new Ranks();

  /** @throws SegcanaryError `usage` for a score that is not finite */
  constructor(calibration: Iterable<number>) {
    for (const score of calibration) this.#ranks.add(finite(score));
  }

  /**
   * The p-value of the next score, small where it is higher than most. From here on the score is
   * one of those that others are ranked among.
   *
   * @param draw gives U_t
   * @throws SegcanaryError `usage` for a score that is not finite
   */
  next(score: number, draw: () => number): number {
    const { above, equal } = this.#ranks.rank(finite(score));
    this.#ranks.add(score);
    return (above + draw() * (equal + 1)) / this.#ranks.size;
  }
}

function finite(score: number): number {
  if (Number.isFinite(score)) return score;
  throw new SegcanaryError('usage', `A score of ${score} cannot be ranked; leave the scan out of the stream.`);
}
