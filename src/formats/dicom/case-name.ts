import { createHmac } from 'node:crypto';
import { SegcanaryError } from '../../errors.js';

/** Hexadecimal digits of a case's name: 48 bits, in which a million series are apart. */
const DIGITS = 12;

/**
 * A key as people write it: 64 hex digits, in capitals or not. One rule for the command line and
 * the server, so that both give a series one name.
 *
 * @throws SegcanaryError `usage` for another form
 */
export function writtenKey(text: string): string {
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new SegcanaryError('usage', 'SEGCANARY_KEY has to have 64 hex digits: `openssl rand -hex 32` makes them.');
  return text.toLowerCase();
}

/**
 * What a series is called where nobody gave it a name: `ct-3f9a0c41be27`. A keyed hash of its UID
 * (HMAC-SHA256), so that the same series has the same name with the same key, and that nobody
 * without the key can find the UID by trying, or the patient by the UID.
 *
 * @param seriesUid Series Instance UID
 * @param modality `CT`; of its name in front letters and digits are kept
 */
export function caseNameOf(seriesUid: string, modality: string, key: string | Uint8Array): string {
  const digest = createHmac('sha256', key).update(seriesUid).digest('hex').slice(0, DIGITS);
  const kind = modality.toLowerCase().replace(/[^a-z0-9]/g, '');
  return `${kind === '' ? 'dicom' : kind.slice(0, 16)}-${digest}`;
}
