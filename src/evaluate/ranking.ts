/**
 * How well a score tells out-of-distribution (OOD) scans from in-distribution (ID) ones. Higher
 * scores are more suspicious.
 */

/**
 * Both groups, ascending by score, with whether each is OOD; groups of equal scores stay together.
 */
function* steps(id: readonly number[], ood: readonly number[], descending: boolean) {
  const all = [
    ...id.map((score) => ({ score, id: 1, ood: 0 })),
    ...ood.map((score) => ({ score, id: 0, ood: 1 })),
  ].sort((a, b) => (descending ? b.score - a.score : a.score - b.score));
  let i = 0;
  while (i < all.length) {
    const { score } = all[i];
    let idHere = 0;
    let oodHere = 0;
    for (; i < all.length && all[i].score === score; i++) {
      idHere += all[i].id;
      oodHere += all[i].ood;
    }
    yield { score, id: idHere, ood: oodHere };
  }
}

/**
 * Area under the ROC curve: the probability that an OOD scan scores above an ID scan, ties counting
 * half. sklearn's `roc_auc_score`.
 *
 * @returns NaN where a group is empty
 */
export function auroc(id: readonly number[], ood: readonly number[]): number {
  let below = 0;
  let wins = 0;
  for (const step of steps(id, ood, false)) {
    wins += step.ood * (below + step.id / 2);
    below += step.id;
  }
  return wins / (id.length * ood.length);
}

/**
 * Area under the precision-recall curve as average precision: sum over thresholds of (R_k - R_k-1)
 * P_k, not interpolated. sklearn's `average_precision_score`.
 *
 * @param positive the group that is to be found: 'ood' by high scores, 'id' by low ones
 * @returns NaN where the positive group is empty
 */
export function averagePrecision(id: readonly number[], ood: readonly number[], positive: 'id' | 'ood'): number {
  const total = positive === 'ood' ? ood.length : id.length;
  let found = 0;
  let taken = 0;
  let area = 0;
  for (const step of steps(id, ood, positive === 'ood')) {
    const hits = step[positive];
    found += hits;
    taken += step.id + step.ood;
    area += (hits / total) * (found / taken);
  }
  return total === 0 ? Number.NaN : area;
}

/**
 * The smallest of the given scores that at least a share of them do not exceed: s[ceil(share n)],
 * counted from 1 in ascending order. Over ID test scans with share .95 it is the threshold of
 * FPR@95TPR (positive = ID; sklearn `roc_curve` of -score, the first point with TPR >= .95).
 *
 * @param share as a fraction [numerator, denominator], so that no product is rounded. @default [19,
 *   20]
 */
export function boundaryKeeping(
  scores: readonly number[],
  [numerator, denominator]: readonly [number, number] = [19, 20],
): number {
  const sorted = [...scores].sort((a, b) => a - b);
  return sorted[Math.ceil((numerator * sorted.length) / denominator) - 1] ?? Number.NaN;
}

/** What a boundary does to the scans of both groups. OOD iff score > boundary. */
export interface Rejections {
  readonly idRejected: number;
  readonly id: number;
  readonly oodAccepted: number;
  readonly ood: number;
}

/** Counts both kinds of mistakes at a boundary. */
export function rejectionsAt(boundary: number, id: readonly number[], ood: readonly number[]): Rejections {
  return {
    idRejected: id.filter((score) => score > boundary).length,
    id: id.length,
    oodAccepted: ood.filter((score) => score <= boundary).length,
    ood: ood.length,
  };
}

/** False positive rate with ID as the positive class: the share of OOD scans that are accepted. */
export const falsePositiveRate = ({ oodAccepted, ood }: Rejections): number => oodAccepted / ood;

/**
 * Detection error = .5 (1 - TPR) + .5 FPR, TPR the share of ID scans that are accepted (paper, sec.
 * 3; Liang et al. 2018).
 */
export const detectionError = (r: Rejections): number => 0.5 * (r.idRejected / r.id) + 0.5 * falsePositiveRate(r);
