import { binomialAtMost } from '../maths/binomial.js';
import { ceilTimes } from '../maths/fraction.js';
import type { Warning } from '../results.js';
import { type Calibration, DEFAULT_LEVEL, rankOf } from './calibration.js';

/** How sure a promise about one site is to be. */
const CONFIDENCE = 0.95;

type Levelled = Pick<Calibration, 'cases' | 'level'>;

/** What a boundary drawn from n scans can promise on average over calibrations, as a sentence. */
export function describeLevel(n: number, level: number = DEFAULT_LEVEL): string {
  const scans = n === 1 ? '1 scan' : `${n} scans`;
  const enough = scansForLevel(level);
  if (n >= enough)
    return `Calibrated on ${scans}: at least ${percent(level)} of scans like them are expected at or below the boundary.`;
  const supported = Math.floor((1000 * n) / (n + 1)) / 10;
  return `Calibrated on ${scans}, which is too few for ${percent(level)}: the boundary is their largest score and ${supported} % of scans like them are expected at or below it; ${enough} scans are needed for ${percent(level)}.`;
}

/** The fewest scans that support a level: n / (n + 1) >= level. */
export function scansForLevel(level: number): number {
  let n = Math.max(1, Math.floor(level / (1 - level)) - 1);
  while (ceilTimes(level, n + 1) > n) n++;
  return n;
}

/** The fewest scans whose boundary at this level is not their largest score: 39 for 95 %. */
export function scansBelowLargest(level: number): number {
  let n = scansForLevel(level);
  while (rankOf(level, n) === n) n++;
  return n;
}

/**
 * The probability that more than `share` of fresh in-distribution scans are flagged, given
 * calibration scans that are drawn at random. With the boundary at rank k of n, the true share
 * follows Beta(n + 1 - k, k), whatever the (continuous) distribution of the scores (Vovk 2012;
 * Angelopoulos and Bates 2021, sec. 3.2), so that the probability is that of at most n - k
 * successes in n draws.
 */
export function chanceOfMore(share: number, n: number, k: number): number {
  return binomialAtMost(n - k, n, share);
}

/**
 * The lowest rank k of n with which at most 1 - level are flagged with 95 % confidence; null where
 * even the largest score gives less: below 59 scans for a level of 95 %.
 */
export function confidentRank(n: number, level: number): number | null {
  let k = n;
  if (chanceOfMore(1 - level, n, k) > 1 - CONFIDENCE) return null;
  while (k > 1 && chanceOfMore(1 - level, n, k - 1) <= 1 - CONFIDENCE) k--;
  return k;
}

/** The fewest scans with a boundary that `confidentRank` finds: level^n <= 5 %. */
export const scansForConfidence = (level: number): number => Math.ceil(Math.log(1 - CONFIDENCE) / Math.log(level));

/**
 * What the boundary means for a site that has these calibration scans and no others, in sentences:
 * the promise of `describeLevel` is an average over calibrations.
 */
export function describeSite({ cases, level = DEFAULT_LEVEL }: Levelled): string {
  const n = cases.length;
  const k = rankOf(level, n);
  const often = Math.min(2 * (1 - level), (1 + (1 - level)) / 2);
  const chance = chanceOfMore(often, n, k);
  const first = `That is an average over calibrations. With these ${n} the chance that more than ${percent(often)} of the in-distribution scans here are flagged is ${chanceText(chance)}.`;
  const confident = confidentRank(n, level);
  const promise = `95 % confidence that at most ${percent(1 - level)} are`;
  if (confident === null) {
    const wanted = scansForConfidence(level);
    return `${first} ${wanted} scans calibrated at level ${levelOfRank(wanted, wanted)}, where the largest score is the boundary, give ${promise}.`;
  }
  if (k >= confident) return `${first} They give ${promise}.`;
  return `${first} Calibrated at level ${levelOfRank(confident, n)} they give ${promise}.`;
}

/** The shortest decimal level whose boundary is at rank k of n. */
function levelOfRank(k: number, n: number): number {
  for (let digits = 1; ; digits++) {
    const level = Math.floor((10 ** digits * k) / (n + 1)) / 10 ** digits;
    if (level > 0 && ceilTimes(level, n + 1) === k) return level;
  }
}

/** What a calibration cannot promise, or hangs on. */
export function warningsOfCalibration(calibration: Calibration): Warning[] {
  return [...fewScans(calibration), ...hangsOnOne(calibration)];
}

function fewScans({ cases, level = DEFAULT_LEVEL }: Levelled): Warning[] {
  const n = cases.length;
  const wanted = scansBelowLargest(level);
  if (n >= wanted) return [];
  const message = `The boundary is the largest of ${n} scores, as it is below ${wanted} scans at a level of ${percent(level)}, so that a single odd scan sets it; calibrate with ${wanted} scans or more.`;
  return [{ code: 'few-calibration-scans', message }];
}

/** How often `hangsOnOne` speaks up on scores with an exponential tail. */
const FALSE_ALARMS = 0.05;
/** Fewer spacings say nothing of what is usual. */
const FEWEST_SPACINGS = 4;

/**
 * Whether the boundary, the score of rank k, lies unusually far above the next lower one. Spacings
 * times the scans above them, (n + 1 - i)(s[i] - s[i - 1]), are independent and alike where the
 * tail is exponential (Rényi 1953). With m of them between the median and the boundary, the
 * boundary's own is larger than t of their means with probability (1 + t / m)^-m, so
 * t = m (.05^(-1/m) - 1). Neither the unit nor the origin of the scores matters. Measured in
 * test/detectors/promise.test.ts: 5 % of exponential and of log-normal (s = .5) samples, fewer of
 * normal ones, 15 to 21 % of log-normal ones with s = 1, whose boundary does hang on one scan.
 */
function hangsOnOne({ cases, level = DEFAULT_LEVEL }: Levelled): Warning[] {
  const n = cases.length;
  const k = rankOf(level, n);
  const spacing = (i: number) => (n + 1 - i) * (cases[i - 1].score - cases[i - 2].score);
  const median = Math.ceil(n / 2);
  const m = k - 1 - median;
  if (m < FEWEST_SPACINGS) return [];
  let sum = 0;
  for (let i = median + 1; i < k; i++) sum += spacing(i);
  if (spacing(k) <= sum * (FALSE_ALARMS ** (-1 / m) - 1)) return [];
  const [next, boundary] = [cases[k - 2], cases[k - 1]];
  const message = `The boundary hangs on one scan, ${boundary.case}: its score is ${brief(boundary.score)} and the next lower one, of ${next.case}, ${brief(next.score)}; see whether it is like the others, and calibrate without it if it is not, or with more scans.`;
  return [{ code: 'boundary-hangs-on-one', message }];
}

const brief = (x: number): string => String(Number(x.toPrecision(4)));

/** A level in per cent, as exact as it is given. */
const percent = (level: number): string => `${Number((100 * level).toPrecision(12))} %`;

/** A chance in per cent, to two digits. */
function chanceText(chance: number): string {
  if (chance < 0.001) return 'less than 0.1 %';
  return `${Number((100 * chance).toPrecision(2))} %`;
}
