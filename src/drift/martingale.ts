/**
 * What is bet on: densities on [0, 1] that favour small p-values, each the more the further down
 * the list. Vovk's linear bets 1 + e (p - 1/2) with e = -1/2, -1 and -2, and b (1 - p)^(b - 1) with
 * b = 4, what Lehmann's alternatives pay: that of b = 2 is the third.
 */
const BETS: readonly ((p: number) => number)[] = [
  (p) => 1.25 - 0.5 * p,
  (p) => 1.5 - p,
  (p) => 2 * (1 - p),
  (p) => 4 * (1 - p) * (1 - p) * (1 - p),
];

/** The part of what is staked that is spread anew at every step. */
const JUMP = 0.001;

/**
 * A test martingale on p-values: the capital of a gambler who starts with 1 and bets against their
 * being independent and uniform. While they are, the capital is a martingale, and the probability
 * that it ever reaches 1 / a is at most a (Ville 1939). It grows where there are too many small
 * p-values.
 *
 * Capital waits in a reserve until it is staked. At step t = 2^k + j, 0 <= j < 2^k, the part
 *
 *     w_t = 1 / ((k + 1) (k + 2) 2^k),    w_1 + w_2 + … = 1,
 *
 * of the first capital leaves it and is spread over the bets evenly, so that there is fresh capital
 * whenever a change comes: t quiet steps cost a factor of about t log² t, where bets that are on
 * from the start lose exponentially. At every step a part J of what is staked is spread anew, as in
 * the Simple Jumper of Vovk et al. (2021), by which the stakes follow a shift that fades from the
 * ranks. Both were chosen by simulation: docs/drift.md.
 */
export class TestMartingale {
  /** What is staked on each bet, as a part of all that is staked. */
  readonly #stakes = BETS.map(() => 0);
  /**
   * All that is staked is this times e to the power of `#log`: a stream may earn more than a number
   * can hold.
   */
  #staked = 0;
  #log = 0;
  #steps = 0;

  /** The natural logarithm of the capital; 0 at first. */
  get log(): number {
    if (this.#steps === 0) return 0;
    const reserve = Math.log(reserveAfter(this.#steps));
    const high = Math.max(this.#log, reserve);
    return high + Math.log1p(Math.exp(Math.min(this.#log, reserve) - high));
  }

  /** Bets on the next p-value, in (0, 1]. */
  step(p: number): void {
    this.#steps++;
    const spread = (JUMP * this.#staked + entering(this.#steps) * Math.exp(-this.#log)) / BETS.length;
    const stakes = this.#stakes;
    let sum = 0;
    for (let i = 0; i < stakes.length; i++) {
      stakes[i] = ((1 - JUMP) * stakes[i] + spread) * BETS[i](p);
      sum += stakes[i];
    }
    for (let i = 0; i < stakes.length; i++) stakes[i] /= sum;
    this.#staked = 1;
    this.#log += Math.log(sum);
  }
}

/** w_t. */
function entering(t: number): number {
  const k = 31 - Math.clz32(t);
  return 1 / ((k + 1) * (k + 2) * 2 ** k);
}

/** 1 - w_1 - … - w_t. */
function reserveAfter(t: number): number {
  const k = 31 - Math.clz32(t);
  return 1 / (k + 1) - (t - 2 ** k + 1) / ((k + 1) * (k + 2) * 2 ** k);
}
