import { expect, it } from 'vitest';
import { caseNameOf } from '../../../src/formats/dicom/case-name.js';

// python -c "import hmac; print(hmac.new(b'secret', b'1.2.840.113', 'sha256').hexdigest()[:12])"
const DIGEST = 'e014bb49492d';

it('is the modality and a keyed hash of the UID', () => {
  expect(caseNameOf('1.2.840.113', 'CT', 'secret')).toBe(`ct-${DIGEST}`);
  expect(caseNameOf('1.2.840.113', 'CT', Buffer.from('secret'))).toBe(`ct-${DIGEST}`);
  expect(caseNameOf('1.2.840.113', 'CT', 'other')).not.toContain(DIGEST);
});

it('is a name of a file whatever the modality is', () => {
  expect(caseNameOf('1.2.840.113', '../../X Y', 'secret')).toBe(`xy-${DIGEST}`);
  expect(caseNameOf('1.2.840.113', '', 'secret')).toBe(`dicom-${DIGEST}`);
  expect(caseNameOf('1.2.840.113', 'Ä', 'secret')).toBe(`dicom-${DIGEST}`);
  expect(caseNameOf('1.2.840.113', 'x'.repeat(1000), 'secret')).toBe(`${'x'.repeat(16)}-${DIGEST}`);
});
