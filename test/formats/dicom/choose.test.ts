import { describe, expect, it } from 'vitest';
import { chooseSeries } from '../../../src/formats/dicom/choose.js';
import type { DicomHeader } from '../../../src/formats/dicom/dicom-header.js';
import { SeriesGroups } from '../../../src/formats/dicom/group.js';
import { axial } from '../../support/series.js';

const heights = [0, 3, 6];
const thin = axial(heights, { series: '1.5', seriesNumber: 5, seriesDescription: 'thin', kernel: null });
const two = [...axial(heights), ...thin];

function choose(headers: readonly DicomHeader[], wanted?: string) {
  const groups = new SeriesGroups();
  for (const header of headers) groups.add(header);
  return chooseSeries(groups.candidates, wanted, { name: 'folder', setAside: groups.setAside });
}

describe('the series that is meant', () => {
  it('is the only one', () => {
    expect(choose(axial(heights)).uid).toBe('1.3');
  });

  it.each([
    ['5', '1.5'],
    ['1.5', '1.5'],
    ['4', '1.3'],
    ['1.3', '1.3'],
  ])('is named by %s', (wanted, uid) => {
    expect(choose(two, wanted).uid).toBe(uid);
  });

  it('is to be named where there are several', () => {
    expect(() => choose(two)).toThrow(
      expect.objectContaining({
        code: 'usage',
        option: 'series',
        message:
          'folder: has 2 series that can be scored: 4 "Thorax" (CT, 3 slices, kernel B40f); 5 "thin" (CT, 3 slices); name one by its number or UID (`series`), or take each as a case of its own (`eachSeries`).',
      }),
    );
  });

  it('is not there under another name', () => {
    expect(() => choose(two, '7')).toThrow(/there is no series 7; choose from 4 "Thorax" .*; 5 "thin"/);
    expect(() => choose(axial(heights), '7')).toThrow(/there is no series 7/);
  });

  it('is named by its UID where two have one number', () => {
    const twins = [...axial(heights), ...axial(heights, { series: '1.6' })];
    expect(() => choose(twins, '4')).toThrow(/UID 1\.3\).*UID 1\.6\)/);
    expect(choose(twins, '1.6').uid).toBe('1.6');
  });

  it('may be a part of a series', () => {
    const parts = [...axial(heights), ...axial(heights, { pixels: { rows: 9 } })];
    expect(choose(parts, '4.2').part).toBe('9 x 5 pixels');
    expect(choose(parts, '1.3.1').part).toBe('6 x 5 pixels');
    expect(() => choose(parts, '4')).toThrow(/4\.1 .*; 4\.2 /);
  });

  it('is none where there is nothing to score', () => {
    expect(() => choose([])).toThrow(expect.objectContaining({ code: 'scan-unsuitable' }));
    expect(() => choose(axial(heights, { sopClass: '1.2.840.10008.5.1.4.1.1.7' }))).toThrow(
      'folder: holds no series that can be scored, only 3 secondary captures; give a folder of CT, MR or PET slices.',
    );
  });

  it('is listed among twenty at most', () => {
    const many = Array.from({ length: 30 }, (_, i) => axial(heights, { series: `1.${i}`, seriesNumber: i })).flat();
    expect(() => choose(many)).toThrow(/has 30 series .*; and 10 more/);
  });
});
