import { sha256 } from '../files/hash.js';

/** The field of detector.json that is a hash of all its others. */
export const SEAL = 'descriptionSha256';

type Fields = Readonly<Record<string, unknown>>;

/**
 * sha256, in hex, of what detector.json says beside its seal: of its values, so that white space
 * does not matter, in the order in which they stand.
 *
 * @throws RangeError for what is nested too deeply to be written
 */
export function sealOf({ [SEAL]: _, ...fields }: Fields): string {
  return sha256(JSON.stringify(fields));
}

/** detector.json as it is written: with its seal, which comes last. */
export function sealed({ [SEAL]: _, ...fields }: Fields): string {
  return `${JSON.stringify({ ...fields, [SEAL]: sealOf(fields) }, null, 2)}\n`;
}

/** Whether the seal is right; null without one, as detectors of earlier versions are. */
export function isSealed(fields: Fields): boolean | null {
  const { [SEAL]: seal } = fields;
  if (seal === undefined) return null;
  try {
    return seal === sealOf(fields);
  } catch {
    return false;
  }
}
