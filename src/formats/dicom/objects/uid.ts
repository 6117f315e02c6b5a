import { sha256 } from '../../../files/hash.js';

/**
 * A UID that follows from its parts alone: 2.25 and a UUID as a decimal number (PS3.5 section B.2),
 * which is made of a hash as those of version 8 are (RFC 9562 section 5.8).
 */
export function derivedUid(...parts: readonly string[]): string {
  const bytes = Buffer.from(sha256(Buffer.from(JSON.stringify(parts))), 'hex').subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}`;
}
