import type { ScoredCase } from '../../src/evaluate/judge.js';

/** Scores of one detector: validation, ID test, OOD test, with Dice. */
export function scored(
  val: readonly number[],
  id: readonly [number, number | null][],
  ood: readonly [number, number | null][],
): ScoredCase[] {
  const row = (split: 'val' | 'test', group: 'id' | 'ood', i: number, score: number, dice: number | null) =>
    ({ case: `${split}-${group}-${i}`, split, group, shift: '', dataset: '', score, dice, voxels: 100 + i }) as const;
  return [
    ...val.map((s, i) => row('val', 'id', i, s, null)),
    ...id.map(([s, d], i) => row('test', 'id', i, s, d)),
    ...ood.map(([s, d], i) => row('test', 'ood', i, s, d)),
  ];
}
