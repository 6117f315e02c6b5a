import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** What a program prints that writes a data set with a private and an invalid value. */
function printedBy(quiet: boolean): string {
  const program = `
    import dcmjs from 'dcmjs';
    ${quiet ? "await import('./src/formats/dicom/quiet.ts');" : ''}
    for (const { data, log } of [dcmjs]) {
      const stream = new data.WriteBufferStream(64);
      const dataset = {
        '00100020': { vr: 'LO', Value: ['SECRET^PATIENT'.repeat(9)] },
        '00090010': { vr: 'xs', Value: [1] },
        '00091001': { vr: 'ZZ', Value: ['SECRET^PATIENT'] },
      };
      try { data.DicomMessage.write(dataset, stream, '1.2.840.10008.1.2.1', {}); } catch {}
      log.warn('SECRET^PATIENT');
      log.getLogger('validation.dcmjs').error('SECRET^PATIENT');
      try { data.DicomMetaDictionary.denaturalizeDataset({ SecretPatient: 'SECRET^PATIENT', PatientID: { a: 'SECRET' } }); } catch {}
    }
  `;
  const run = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], {
    cwd: root,
    encoding: 'utf8',
  });
  return run.stdout + run.stderr;
}

it('keeps dcmjs from printing values', () => {
  expect(printedBy(false)).toContain('SECRET^PATIENT');
  expect(printedBy(true)).toBe('');
});
