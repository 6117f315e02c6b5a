import { randomBytes } from 'node:crypto';

/** Counts of one millisecond, the 12 bits of `rand_a`. */
const COUNTS = 1 << 12;

/**
 * Makes ids of scans: UUIDs of version 7 (RFC 9562), the time in milliseconds, a counter in
 * `rand_a` (its section 6.2, method 1) and 62 random bits. Their text sorts by the order in which
 * they were made, within a millisecond too, and also when the clock is set back: the time of an id
 * never falls.
 *
 * @param after an id that every new one has to sort behind: the last one of the process before
 */
export function scanIds(now: () => number = Date.now, after: string | null = null): () => string {
  let time = after === null ? 0 : timeOf(after);
  let count = after === null ? 0 : Number.parseInt(after.slice(15, 18), 16);
  return () => {
    const clock = Math.floor(now());
    if (clock > time) {
      time = clock;
      count = 0;
    } else if (++count === COUNTS) {
      time++;
      count = 0;
    }
    const bytes = randomBytes(16);
    bytes.writeUIntBE(time, 0, 6);
    bytes.writeUInt16BE(0x7000 | count, 6);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  };
}

/** Whether a text that came from outside has the form of an id. */
export function isScanId(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text);
}

/** Milliseconds since 1970 of an id. */
const timeOf = (id: string): number => Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
