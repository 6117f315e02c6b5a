import { type ErrorCode, SegcanaryError } from '../../src/errors.js';
import { Finding } from './finding.js';

/** Every code there is, by the type: a new one that is missing here does not compile. */
const codes: Readonly<Record<ErrorCode, true>> = {
  io: true,
  truncated: true,
  'gzip-corrupt': true,
  'nifti-invalid': true,
  'nifti-unsupported': true,
  'dicom-invalid': true,
  'dicom-unsupported': true,
  'series-inconsistent': true,
  'archive-invalid': true,
  'peer-failed': true,
  'non-finite': true,
  'scan-unsuitable': true,
  'plan-invalid': true,
  'plan-unsupported': true,
  'model-invalid': true,
  'model-unsupported': true,
  'tap-not-found': true,
  'no-bottleneck': true,
  'inference-failed': true,
  'fit-failed': true,
  'cohort-invalid': true,
  'detector-invalid': true,
  'detector-corrupt': true,
  'detector-changed': true,
  'limit-exceeded': true,
  'timed-out': true,
  usage: true,
  aborted: true,
};

/** What a person is asked to read at most. */
const longestMessage = 2000;

/** The code of a tagged error; a Finding for everything else that may be thrown. */
export function judge(error: unknown, file: string): ErrorCode {
  if (error instanceof Finding) throw error;
  if (!(error instanceof SegcanaryError)) {
    const { name, message, stack } = error as Error;
    const where =
      stack
        ?.split('\n')
        .find((line) => line.includes('/src/'))
        ?.trim() ?? '';
    throw new Finding(`${name}: ${String(message).slice(0, 200)} ${where}`);
  }
  if (!(error.code in codes)) throw new Finding(`unknown code ${error.code}`);
  const wrong = wrongWith(error.message, file);
  if (wrong !== null)
    throw new Finding(`${error.code}: the message ${wrong}: ${JSON.stringify(error.message.slice(0, 300))}`);
  return error.code;
}

/** What keeps a message from being one sentence about the file, or null. */
export function wrongWith(message: string, file: string): string | null {
  if (/[\p{Cc}\u2028\u2029]/u.test(message)) return 'holds control characters';
  if (!/[.…]$/.test(message)) return 'does not end with a full stop';
  if (message.length > longestMessage) return `has ${message.length} characters`;
  if (!message.includes(file)) return `does not name ${file}`;
  return null;
}
