import { describe, expect, it } from 'vitest';
import { readCohort } from '../../src/evaluate/cohort.js';
import { csvOf } from '../../src/files/csv.js';

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

  it('that names formulas reads as it was before they were defused', () => {
    const cells = [
      ['=x', "'=x.nii"],
      ["'=y", '-y.nii'],
      ["'z'", '+z.nii'],
      ['@w', './w.nii'],
    ];
    const rows = cells.map(([name, image], i) => [
      name,
      image,
      '',
      ['train', 'val', 'test', 'test'][i],
      'id',
      '-s',
      '',
    ]);
    const found = readCohort(csvOf([head.split(','), ...rows]), '/data/cohort.csv');
    expect(found.map((c) => [c.case, ...c.images, c.shift])).toEqual([
      ['=x', "/data/'=x.nii", '-s'],
      ["'=y", '/data/-y.nii', '-s'],
      ["'z'", '/data/+z.nii', '-s'],
      ['@w', '/data/w.nii', '-s'],
    ]);
  });

  it('may have scans that changed and are still segmented well', () => {
    const rows = [...good, 'e,e.nii,,test,shifted-id,noise,'].join('\n');
    expect(readCohort(rows, '/data/cohort.csv').at(-1)).toMatchObject({ group: 'shifted-id', shift: 'noise' });
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
    [[...good, 'e,e.nii,,val,ood,,'].join('\n'), /shifted or out-of-distribution scans outside of the split test/],
    [[...good, 'e,e.nii,,train,shifted-id,,'].join('\n'), /shifted or out-of-distribution scans outside/],
    [good.slice(0, 2).join('\n'), /no in-distribution scan in the split val/],
    [`${head}\na,"b`, /is not a CSV file/],
  ])('is refused with the line that is wrong', (text, message) => {
    expect(() => readCohort(text, 'cohort.csv')).toThrow(message);
    expect(() => readCohort(text, 'cohort.csv')).toThrow(/^cohort.csv: [^\n]+$/);
  });
});
