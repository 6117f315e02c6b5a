import type { Target } from './target.js';

/** Splits a number of cases over targets by their weight; the first takes what rounding leaves. */
export function shares(targets: readonly Target[], cases: number): Map<Target, number> {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  const each = targets.map((target): [Target, number] => [target, Math.floor((cases * target.weight) / total)]);
  const rest = cases - each.reduce((sum, [, n]) => sum + n, 0);
  if (each[0]) each[0][1] += rest;
  return new Map(each);
}
