import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { csvOf, plainCell } from '../../src/files/csv.js';

it('defuses what a spreadsheet would run, and leaves numbers and other text alone', () => {
  const rows = [
    ["=cmd|'/c calc'!A1", '+1', '-1+1', '@SUM(A1)', '\t=1', '\r=1', '\n=1', '＝1', "'=1", "''=1"],
    ['case-1', "o'hara", "'quoted'", '', 'a=b', -3.5, 1e-7, null, 0, -0.25],
  ];
  expect(csvOf(rows)).toBe(
    [
      `'=cmd|'/c calc'!A1,'+1,'-1+1,'@SUM(A1),"'\t=1","'\r=1","'\n=1",'＝1,''=1,'''=1`,
      "case-1,o'hara,'quoted',,a=b,-3.5,1e-7,,0,-0.25",
      '',
    ].join('\n'),
  );
});

it('quotes what parts cells elsewhere, so that no formula begins behind it', () => {
  expect(csvOf([['a;=1', 'b\t=1', 'c,=1', 'd"=1']])).toBe('"a;=1","b\t=1","c,=1","d""=1"\n');
});

it('gives any text back', () => {
  const letters = fc.constantFrom(...`=+-@'"\t\r\n,;＝a1 `);
  fc.assert(
    fc.property(fc.array(fc.string({ unit: letters, minLength: 1 }), { minLength: 2, maxLength: 4 }), (row) => {
      const [read] = parse(csvOf([row])) as string[][];
      expect(read.map(plainCell)).toEqual(row);
      for (const cell of read) expect(cell).not.toMatch(/^[=+\-@\t\r\n＝]/);
    }),
  );
});
