import { basename } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { withoutCost } from '../inventory.js';

/** What a run leaves: files by their names, and its streams. */
export type Outputs = ReadonlyMap<string, Uint8Array>;

/** The name of what a run says that is no result: how it is worded may change. */
export const WORDS = 'stderr';

export interface Comparison {
  readonly files: number;
  readonly bytes: number;
  /** A sentence each. */
  readonly different: readonly string[];
  /**
   * What differs and may: fields that detector.json gained, what errors say beside their code,
   * comments in the script of a report, what an image says of itself (`descrip`).
   */
  readonly noted: readonly string[];
}

/** Compares every byte of two runs, the older one first. */
export function compare(before: Outputs, after: Outputs): Comparison {
  const different: string[] = [];
  const noted: string[] = [];
  let bytes = 0;
  for (const [name, old] of before) {
    bytes += old.length;
    const now = after.get(name);
    if (!now) different.push(`${name} is missing`);
    else if (Buffer.compare(old, now) !== 0) judge(name, old, now, different, noted);
  }
  for (const name of after.keys()) if (!before.has(name)) different.push(`${name} is new`);
  return { files: before.size, bytes, different, noted };
}

function judge(name: string, old: Uint8Array, now: Uint8Array, different: string[], noted: string[]): void {
  // How long it took and how much memory there was are measurements, not results.
  const [one, two] = [withoutCost(name, old), withoutCost(name, now)];
  if (Buffer.compare(one, two) === 0) return;
  const where = `${name}: ${firstDifference(one, two)}`;
  const mayDiffer =
    name === WORDS ||
    sameButForErrors(one, two) ||
    sameButForComments(name, one, two) ||
    sameButForDescription(name, one, two);
  if (mayDiffer) noted.push(where);
  else if (basename(name) === 'detector.json') {
    const { added, other } = fieldsOf(JSON.parse(one.toString()), JSON.parse(two.toString()));
    noted.push(...added.map((field) => `${name} gained ${field}`));
    different.push(...other.map((field) => `${name}: ${field} differs`));
    // Neither a field nor a value: spaces, or the order of fields.
    if (added.length + other.length === 0) different.push(where);
  } else different.push(where);
}

/** Fields that came, and fields that went or have another value, by their paths. */
function fieldsOf(old: unknown, now: unknown, at = ''): { added: string[]; other: string[] } {
  if (!isRecord(old) || !isRecord(now))
    return { added: [], other: JSON.stringify(old) === JSON.stringify(now) ? [] : [at] };
  const added = Object.keys(now).filter((key) => !(key in old));
  const below = Object.keys(old).map((key) =>
    key in now ? fieldsOf(old[key], now[key], `${at}.${key}`) : { added: [], other: [`${at}.${key}`] },
  );
  return {
    added: [...added.map((key) => `${at}.${key}`), ...below.flatMap((found) => found.added)],
    other: below.flatMap((found) => found.other),
  };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * JSON, or JSON lines, that say the same but in errors of the same codes, which have another
 * sentence or say more.
 */
function sameButForErrors(old: Buffer, now: Buffer): boolean {
  try {
    const [one, two] = [old, now].map((bytes) => withoutWords(bytes.toString()));
    return one === two;
  } catch {
    return false;
  }
}

/** A report holds the script of its page, comments and all. */
function sameButForComments(name: string, old: Buffer, now: Buffer): boolean {
  if (basename(name) !== 'report.html') return false;
  const [one, two] = [old, now].map((bytes) =>
    bytes.toString().replace(/(^|<script>)\s*(\/\/|\/\*|\* |\*\/).*\n/gm, '$1'),
  );
  return one === two;
}

/** The field `descrip` of a NIfTI-1 header, bytes 148 to 227, says whose image it is. */
function sameButForDescription(name: string, old: Buffer, now: Buffer): boolean {
  if (!/(^stdout|\.nii(\.gz)?)$/.test(name)) return false;
  try {
    const [one, two] = [old, now].map((bytes) =>
      (bytes[0] === 0x1f ? gunzipSync(bytes) : Buffer.from(bytes)).fill(0, 148, 228),
    );
    return Buffer.compare(one, two) === 0;
  } catch {
    return false;
  }
}

function withoutWords(text: string): string {
  const reviver = (key: string, value: unknown) => (key === 'error' && isRecord(value) ? { code: value.code } : value);
  const parsed = (json: string) => JSON.stringify(JSON.parse(json, reviver));
  try {
    return parsed(text);
  } catch {
    return text.split('\n').filter(Boolean).map(parsed).join('\n');
  }
}

function firstDifference(old: Buffer, now: Buffer): string {
  let at = 0;
  while (at < old.length && old[at] === now[at]) at++;
  const place = `byte ${at} of ${old.length} (now ${now.length})`;
  if (old.includes(0) || old[0] === 0x1f) return place;
  const around = (text: Buffer) => JSON.stringify(text.subarray(Math.max(0, at - 30), at + 50).toString());
  return `${place}, ${around(old)} became ${around(now)}`;
}
