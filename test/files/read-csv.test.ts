import { describe, expect, it } from 'vitest';
import { readCsv } from '../../src/files/read-csv.js';

const options = { required: ['case', 'patient'], wanted: 'lists nothing; give a line each.' };

describe('readCsv', () => {
  it.each([',', ';', '\t'])('reads a table whose cells are parted by %j, with its line numbers', (by) => {
    const text = `\ufeff case ${by}patient${by}more\r\n\r\n a${by}"x y"${by}1\r\nb${by}z${by}2\r\n`;
    expect(readCsv(text, 'a.csv', options)).toEqual([
      { record: { case: 'a', patient: 'x y', more: '1' }, line: 3 },
      { record: { case: 'b', patient: 'z', more: '2' }, line: 4 },
    ]);
  });

  it('lets another sign stand in a cell', () => {
    expect(readCsv('case,patient\na;b,x', 'a.csv', options)[0].record).toEqual({ case: 'a;b', patient: 'x' });
  });

  it.each([
    ['', /^a\.csv: lists nothing; give a line each\.$/],
    ['case,patient\n', /lists nothing/],
    ['case,name\na,b', /^a\.csv: has no column "patient"; it needs case, patient\.$/],
    ['toString,case\na,b', /has no column "patient"/],
    ['case,patient\na', /is not a CSV file/],
    ['case,patient\n"a,b', /is not a CSV file/],
  ])('refuses %j', (text, message) => {
    expect(() => readCsv(text, 'a.csv', options)).toThrow(
      expect.objectContaining({ code: 'cohort-invalid', message: expect.stringMatching(message) }),
    );
  });
});
