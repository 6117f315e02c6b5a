import type { Interval } from './bootstrap.js';
import type { DetectorRecipe, Evaluated, Evaluation, JudgedMethod } from './evaluation.js';
import { wilsonInterval } from './proportions.js';

/** Some of several scans, with Wilson's interval of the share; null of none. */
export interface Share {
  readonly count: number;
  readonly of: number;
  readonly interval: Interval | null;
}

/** Which detector to use on a cohort, and what to expect of it at its conformal boundary. */
export interface Advice {
  readonly method: string;
  readonly title: string;
  readonly recipe: DetectorRecipe;
  /** Over which scans it was chosen: those of shifts that harm, where there are others. */
  readonly over: 'all shifts' | 'harmful shifts';
  /** The boundary that `calibrate` draws, what it promises, and from how many scans. */
  readonly boundary: number;
  readonly level: number;
  readonly calibrationScans: number;
  readonly oodFlagged: Share;
  readonly idRejected: Share;
  /** Null where no scan has a truth. */
  readonly silentFailures: number | null;
  /** Others that could be fitted and whose AUROC cannot be told from its own. */
  readonly asGood: readonly string[];
}

/**
 * The detector to use: among those that `fit` can make and whose AUROC cannot be told from the best
 * of them, the one with the lowest Detection Error at the conformal boundary, then the fewest
 * passes, then the highest AUROC over all shifts. Where some shifts harm and others do not, those
 * that harm decide.
 *
 * @returns null where the cohort has no out-of-distribution test scan, and so no ranking
 */
export function adviceOf(evaluation: Evaluation): Advice | null {
  const { harmful } = evaluation;
  const evaluated = harmful ?? evaluation;
  const candidates = asGoodAsTheBest(evaluated);
  const overall = new Map(evaluation.methods.map(({ name, auroc }) => [name, auroc ?? 0]));
  const [best] = candidates.toSorted(
    (a, b) =>
      a.conformal.detectionError - b.conformal.detectionError ||
      a.passes - b.passes ||
      (overall.get(b.name) ?? 0) - (overall.get(a.name) ?? 0),
  );
  if (!best?.recipe) return null;
  const { conformal, calibration } = best;
  const share = (count: number, of: number): Share => ({ count, of, interval: wilsonInterval(count, of) });
  return {
    method: best.name,
    title: best.title,
    recipe: best.recipe,
    over: harmful ? 'harmful shifts' : 'all shifts',
    boundary: conformal.boundary,
    level: calibration.boundary.level,
    calibrationScans: calibration.cases.length,
    oodFlagged: share(conformal.ood - conformal.oodAccepted, conformal.ood),
    idRejected: share(conformal.idRejected, conformal.id),
    silentFailures: best.failure ? conformal.silentFailures.length : null,
    asGood: candidates.filter((m) => m !== best).map(({ name }) => name),
  };
}

/**
 * Those that can be fitted and whose AUROC is the best, or in an interval with the best of all. One
 * that only the evaluation can make may be better: then the best that can be fitted stands alone.
 */
function asGoodAsTheBest({ methods, comparison }: Evaluated): JudgedMethod[] {
  const fittable = methods.filter((m) => m.recipe !== undefined && m.auroc !== null);
  const found = comparison.best.auroc;
  const good = fittable.filter((m) => m.name === found?.method || found?.indistinguishable.includes(m.name));
  if (good.length > 0) return good;
  return fittable.toSorted((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0)).slice(0, 1);
}

/** The advice as one sentence. */
export function adviceSentence(advice: Advice): string {
  const { title, over, oodFlagged, idRejected, silentFailures, asGood, calibrationScans: n } = advice;
  const foreign = over === 'all shifts' ? 'out-of-distribution scans' : 'scans of the shifts that harm';
  const silent =
    silentFailures === null
      ? ''
      : `, and ${silentFailures === 0 ? 'no' : silentFailures} failed ${silentFailures === 1 ? 'segmentation passes' : 'segmentations pass'} unnoticed`;
  const others =
    asGood.length === 0
      ? ''
      : ` (${asGood.length} ${asGood.length === 1 ? 'other ranks' : 'others rank'} scans as well, as far as this cohort can tell)`;
  return `Use ${title}${others} with the conformal boundary that calibrate draws from the ${n} validation ${n === 1 ? 'scan' : 'scans'} (level ${percent(advice.level)}): expect it to flag ${shareText(oodFlagged)} ${foreign} and to reject ${shareText(idRejected)} in-distribution scans${silent}.`;
}

const shareText = ({ count, of, interval }: Share): string =>
  `${count} of ${of}${interval ? ` (95 % interval of the share: ${percent(interval.low)} to ${percent(interval.high)})` : ''}`;

const percent = (share: number): string => `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
