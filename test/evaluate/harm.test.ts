import { describe, expect, it } from 'vitest';
import { evaluationOf } from '../../src/evaluate/evaluation.js';
import { harmOfShifts } from '../../src/evaluate/harm.js';
import type { ScoredCase } from '../../src/evaluate/judge.js';
import { shiftsTable } from '../../src/evaluate/results.js';
import { scored } from '../support/scored.js';

describe('harm', () => {
  const of = (shift: string, dataset: string, dice: (number | null)[]): ScoredCase[] =>
    dice.map((d, i) => ({
      case: `${shift}-${dataset}-${i}`,
      split: 'test',
      group: shift === '' ? 'id' : 'ood',
      shift,
      dataset,
      score: 10 * i,
      dice: d,
      voxels: 1,
    }));
  const val = scored([1, 2, 3], [], []);
  const cases = [
    ...val,
    ...of('', '', [0.9, 0.8, null]),
    ...of('dose', 'slight', [0.8, 0.7]),
    ...of('dose', 'gross', [0.2, null, 0.4]),
    ...of('metal', 'gross', [null]),
  ];

  it('is a drop of the mean Dice, shift by shift and data set by data set', () => {
    const near = (x: number) => expect.closeTo(x, 12);
    expect(harmOfShifts(cases, 0.11)).toEqual([
      { group: 'ood', shift: 'dose', dataset: 'slight', n: 2, dice: near(0.75), drop: near(0.1), harmful: false },
      { group: 'ood', shift: 'dose', dataset: 'gross', n: 3, dice: near(0.3), drop: near(0.55), harmful: true },
      { group: 'ood', shift: 'metal', dataset: 'gross', n: 1, dice: null, drop: null, harmful: false },
    ]);
  });

  it('makes a second table of the shifts that do some', () => {
    const options = { tau: 0.6, margin: 0.11, resamples: 10, seed: 0 };
    const method = { name: 'm', title: 'M', formula: '', source: '', passes: 1, cases };
    const { methods, harmful, shifts } = evaluationOf([method], options);
    expect(methods[0].validation).toMatchObject({ id: 3, ood: 6 });
    // Boundary 3: of the gross, 0 is admitted, 10 and 20 are flagged.
    expect(harmful!.methods[0].validation).toMatchObject({ id: 3, ood: 3, oodAccepted: 1 });
    expect(shiftsTable(shifts, methods[0]).rows).toEqual([
      ['dose', 'slight', '2', '0.750', '0.100', 'no', '1'],
      ['dose', 'gross', '3', '0.300', '0.550', 'yes', '2'],
      ['metal', 'gross', '1', '-', '-', '-', '0'],
    ]);
    expect(evaluationOf([method], { ...options, margin: 0.9 }).harmful).toBeNull();
  });

  it('reports shifts that are called harmless apart, and counts them nowhere else', () => {
    const options = { tau: 0.6, margin: 0.11, resamples: 10, seed: 0 };
    const harmless = of('dose', 'gross', [0.9, 0.8]).map((c) => ({
      ...c,
      case: `well-${c.case}`,
      group: 'shifted-id' as const,
    }));
    const about = { name: 'm', title: 'M', formula: '', source: '', passes: 1 };
    const without = evaluationOf([{ ...about, cases }], options);
    const found = evaluationOf([{ ...about, cases: [...cases, ...harmless] }], options);
    const { shiftedId, cases: _, ...rest } = found.methods[0];
    expect(shiftedId).toEqual({
      n: 2,
      flagged: ['well-dose-gross-1'],
      flaggedByPaper: ['well-dose-gross-1'],
      dice: expect.closeTo(0.85, 12),
    });
    const { shiftedId: none, cases: __, ...alone } = without.methods[0];
    expect([none, rest]).toEqual([null, alone]);
    expect(found.comparison).toEqual(without.comparison);
    // The same shift of the same data set, and another group.
    expect(found.shifts.at(-1)).toMatchObject({ group: 'shifted-id', shift: 'dose', n: 2, harmful: false });
    expect(found.shifts.slice(0, -1)).toEqual(without.shifts);
    expect(found.harmful!.methods[0].shiftedId).toEqual(shiftedId);
  });
});
