import { describe, expect, it } from 'vitest';
import { percentileInterval, stratifiedResamples } from '../../src/evaluate/bootstrap.js';
import { readCohort } from '../../src/evaluate/cohort.js';
import { compare } from '../../src/evaluate/compare.js';
import { evaluationOf } from '../../src/evaluate/evaluation.js';
import { harmOfShifts } from '../../src/evaluate/harm.js';
import { judge, type ScoredCase } from '../../src/evaluate/judge.js';
import { shiftsTable } from '../../src/evaluate/results.js';
import { foregroundOf, Overlap } from '../../src/maths/volume/overlap.js';

const head = 'case,image,label,split,group,shift,dataset';
const good = [
  head,
  'a,a.nii.gz,,train,id,,',
  'b,b.nii.gz,b_seg.nii.gz,val,id,,x',
  'c,"c_0.nii; c_1.nii",,test,ood,dose,x',
  'd,/abs/d.nii,,test,id,,',
];

describe('a cohort', () => {
  it('has paths relative to its file, channels, and empty cells', () => {
    expect(readCohort(`\ufeff${good.join('\r\n')}\r\n\r\n`, '/data/cohort.csv')).toEqual([
      { case: 'a', images: ['/data/a.nii.gz'], label: null, split: 'train', group: 'id', shift: '', dataset: '' },
      {
        case: 'b',
        images: ['/data/b.nii.gz'],
        label: '/data/b_seg.nii.gz',
        split: 'val',
        group: 'id',
        shift: '',
        dataset: 'x',
      },
      {
        case: 'c',
        images: ['/data/c_0.nii', '/data/c_1.nii'],
        label: null,
        split: 'test',
        group: 'ood',
        shift: 'dose',
        dataset: 'x',
      },
      { case: 'd', images: ['/abs/d.nii'], label: null, split: 'test', group: 'id', shift: '', dataset: '' },
    ]);
  });

  it.each([';', '\t'])('may be parted by %j, as some spreadsheets do', (delimiter) => {
    const rows = good.map((row) => row.replaceAll(',', delimiter));
    expect(readCohort(rows.join('\r\n'), '/data/cohort.csv')).toEqual(readCohort(good.join('\n'), '/data/cohort.csv'));
  });

  it.each([
    ['', /lists no scans/],
    ['case,image,split\na,b,train', /has no column "group"/],
    [[...good, 'e,e.nii,,testing,id,,'].join('\n'), /line 6, column split/],
    [[...good, 'e,,,test,id,,'].join('\n'), /line 6, column image/],
    [[...good, 'e/f,e.nii,,test,id,,'].join('\n'), /line 6, column case: expected a name without slashes/],
    [[...good, 'e\u001b[2Jf,e.nii,,test,id,,'].join('\n'), /column case: .* control characters/],
    [[...good, 'a,e.nii,,test,id,,'].join('\n'), /line 6: the case a is listed twice/],
    [[...good, 'e,e.nii,,val,ood,,'].join('\n'), /out-of-distribution scans outside of the split test/],
    [good.slice(0, 2).join('\n'), /no in-distribution scan in the split val/],
    [`${head}\na,"b`, /is not a CSV file/],
  ])('is refused with the line that is wrong', (text, message) => {
    expect(() => readCohort(text, 'cohort.csv')).toThrow(message);
    expect(() => readCohort(text, 'cohort.csv')).toThrow(/^cohort.csv: [^\n]+$/);
  });
});

describe('Dice', () => {
  it('of labels and of regions, 1 where both are empty', () => {
    const overlap = new Overlap(foregroundOf({ background: 0, whole: [1, 2], core: 2, other: [3] }));
    overlap.push([0, 1, 1, 2], [1, 1, 0, 2]);
    overlap.push([2, 0], [1, 0]);
    expect(overlap.dice).toEqual({ whole: (2 * 3) / (4 + 4), core: (2 * 1) / (2 + 1), other: 1 });
  });
});

/** Scores of one detector: validation, ID test, OOD test, with Dice. */
const scored = (val: number[], id: [number, number | null][], ood: [number, number | null][]): ScoredCase[] => {
  const row = (split: 'val' | 'test', group: 'id' | 'ood', i: number, score: number, dice: number | null) =>
    ({ case: `${split}-${group}-${i}`, split, group, shift: '', dataset: '', score, dice, voxels: 100 + i }) as const;
  return [
    ...val.map((s, i) => row('val', 'id', i, s, null)),
    ...id.map(([s, d], i) => row('test', 'id', i, s, d)),
    ...ood.map(([s, d], i) => row('test', 'ood', i, s, d)),
  ];
};

describe('judge', () => {
  const cases = scored(
    [1, 2, 3, 4],
    [
      [1, 0.9],
      [3, 0.8],
      [5, 0.7],
    ],
    [
      [4, 0.3],
      [6, 0.2],
      [9, 0.7],
      [2, null],
    ],
  );

  it('draws the boundary from the validation scans, and from the test for comparison', () => {
    const found = judge(cases, 0.6);
    expect(found.validation).toEqual({
      boundary: 4,
      idRejected: 1,
      id: 3,
      oodAccepted: 2,
      ood: 4,
      detectionError: 0.5 / 3 + 0.25,
      fpr: 0.5,
    });
    expect(found.testRoc).toMatchObject({ boundary: 5, idRejected: 0, oodAccepted: 2, fpr: 0.5 });
  });

  it('names silent failures and false alarms, and measures what is admitted', () => {
    const { silentFailures, falseAlarms, admitted } = judge(cases, 0.6);
    expect(silentFailures).toEqual(['test-ood-0']);
    expect(falseAlarms).toEqual(['test-id-2', 'test-ood-2']);
    expect(admitted).toEqual({
      n: 4,
      coverage: 4 / 7,
      diceMean: expect.closeTo(2 / 3, 12),
      diceSd: expect.closeTo(0.26246692913372704, 12),
    });
  });

  it('leaves out what the cohort does not say', () => {
    const bare = judge(scored([1, 2], [[1, null]], []), 0.6);
    expect(bare).toMatchObject({ auroc: null, auprOod: null, failure: null, spearman: null, calibrationError: null });
    expect(bare.admitted).toEqual({ n: 1, coverage: 1, diceMean: null, diceSd: null });
    // Negative scores: 2 max <= min, so there is no normalised uncertainty.
    expect(judge(scored([-9, -8], [[-9, 0.5]], [[-3, 0.1]]), 0.6).calibrationError).toBeNull();
  });
});

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
      { shift: 'dose', dataset: 'slight', n: 2, dice: near(0.75), drop: near(0.1), harmful: false },
      { shift: 'dose', dataset: 'gross', n: 3, dice: near(0.3), drop: near(0.55), harmful: true },
      { shift: 'metal', dataset: 'gross', n: 1, dice: null, drop: null, harmful: false },
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
});

describe('the bootstrap', () => {
  it('is seeded, stratified and paired', () => {
    const draw = (seed: number) => [...stratifiedResamples([3, 2], 50, seed)];
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    for (const [first, second] of draw(1)) {
      expect([first!.length, second!.length]).toEqual([3, 2]);
      expect([...first!, ...second!].every((i) => i >= 0 && i < 3)).toBe(true);
    }
  });

  it('has percentile intervals as numpy.quantile, without what is not defined', () => {
    // numpy.quantile([1, 2, 4, 8, 16], [.025, .975])
    expect(percentileInterval([16, 1, Number.NaN, 4, 2, 8])).toEqual({
      low: expect.closeTo(1.1, 12),
      high: expect.closeTo(15.2, 12),
    });
    expect(percentileInterval([Number.NaN])).toBeNull();
  });

  it('names no winner where the difference may be chance, and one where it is not', () => {
    const id = Array.from({ length: 30 }, (_, i): [number, number] => [i / 30, 0.9]);
    const far = Array.from({ length: 30 }, (_, i): [number, number] => [2 + i / 30, 0.2]);
    const near = Array.from({ length: 30 }, (_, i): [number, number] => [0.1 + i / 30, 0.2]);
    const val = [0.2, 0.5, 0.8];
    const options = { resamples: 200, seed: 3 };
    const apart = compare({ good: scored(val, id, far), bad: scored(val, id, near) }, options);
    expect(apart.best.auroc).toEqual({ method: 'good', indistinguishable: [] });
    expect(apart.intervals.good!.auroc).toEqual({ low: 1, high: 1 });
    const same = compare({ one: scored(val, id, near), other: scored(val, id, near.toReversed()) }, options);
    expect(same.best.auroc!.indistinguishable.length).toBe(1);
  });

  it('compares every other method with one that is named, scan by scan', () => {
    const id = Array.from({ length: 30 }, (_, i): [number, number] => [i / 30, 0.9]);
    const far = Array.from({ length: 30 }, (_, i): [number, number] => [2 + i / 30, 0.2]);
    const near = Array.from({ length: 30 }, (_, i): [number, number] => [0.1 + i / 30, 0.2]);
    const methods = {
      good: scored([0.5, 0.8], id, far),
      bad: scored([0.5, 0.8], id, near),
      same: scored([0.5, 0.8], id, far),
    };
    const { against, intervals } = compare(methods, { resamples: 200, seed: 3, against: 'good' });
    expect(Object.keys(against!.differences)).toEqual(['bad', 'same']);
    // Of 900 pairs, those with the OOD scan below, (27 * 26) / 2, and the 27 ties, halved, are
    // lost: 351 + 13.5.
    const difference = against!.differences.bad!.auroc!;
    expect(difference.value).toBeCloseTo(-(351 + 13.5) / 900, 1);
    expect(difference.high).toBeLessThan(0);
    // The other has 1 in every resample, so that the difference is the interval of the one, less 1.
    expect(difference.low).toBeCloseTo(intervals.bad!.auroc!.low - 1, 12);
    expect(against!.differences.same!.auroc).toEqual({ value: 0, low: 0, high: 0 });
    expect(compare(methods, { resamples: 2, seed: 3, against: 'another' }).against).toBeNull();
    expect(compare(methods, { resamples: 2, seed: 3 }).against).toBeNull();
  });
});
