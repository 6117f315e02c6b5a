import { describe, expect, it } from 'vitest';
import { isDicomSource } from '../../../../src/formats/dicom/dicom-source.js';
import { refuseUnreferable } from '../../../../src/formats/dicom/objects/references.js';
import { scanOfSeries, seriesOf } from '../../../support/dicom-objects.js';

describe('a series', () => {
  it('is referred to by UIDs, and refused where it has none, or one for two files', async () => {
    const { header } = await scanOfSeries(await seriesOf());
    if (!isDicomSource(header)) return expect.fail('is no DICOM');
    const [first, ...others] = header.frames;
    expect(() => refuseUnreferable(header, 'x')).not.toThrow();
    // Frames of one file have its UID.
    expect(() => refuseUnreferable({ ...header, frames: [first, first] }, 'x')).not.toThrow();
    const refused = { code: 'dicom-invalid', option: 'format', subject: 'x' };
    expect(() => refuseUnreferable({ ...header, study: '' }, 'x')).toThrow(
      expect.objectContaining({ ...refused, message: expect.stringContaining('no Study Instance UID') }),
    );
    const unnamed = { ...header, frames: [{ ...first, sopInstance: '' }, ...others] };
    expect(() => refuseUnreferable(unnamed, 'x')).toThrow(`${first.file.name} has no SOP Instance UID`);
    const same = { ...header, frames: [first, { ...others[0], sopInstance: first.sopInstance }] };
    expect(() => refuseUnreferable(same, 'x')).toThrow(
      `${first.file.name} and ${others[0].file.name} have one SOP Instance UID`,
    );
  });
});
