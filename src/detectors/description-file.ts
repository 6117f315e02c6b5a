import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { SegcanaryError } from '../errors.js';
import { cannotRead } from '../files/atomic.js';
import { sha256 } from '../files/hash.js';
import { parseWith, quoted } from '../files/json.js';
import { refuseUnlessFile } from '../files/open.js';
import { inconsistencies } from './consistency.js';
import { DESCRIPTION_SCHEMAS, type DetectorDescription } from './description.js';
import { DESCRIPTION } from './folder.js';
import { isSealed } from './seal.js';

/** What is to be done about a detector.json that is not as it was written. */
const REPAIR =
  'restore it from a copy or fit the detector again (docs/detector-folder.md says how to edit it on purpose)';

/** detector.json as it lies in its folder, of this format version; nothing else is checked. */
export interface RawDescription {
  /** All its fields, those of the future too. */
  readonly raw: Readonly<Record<string, unknown>>;
  /** `sha256:` and the hash of its bytes. */
  readonly id: string;
}

/**
 * Reads detector.json: its seal is right, where it has one, and what follows from something else in
 * it does.
 *
 * @throws SegcanaryError `io` (missing), `detector-invalid` (not a detector, or of another
 *   version), `detector-corrupt` (edited or damaged)
 */
export async function readDescription(
  dir: string,
): Promise<RawDescription & { readonly description: DetectorDescription }> {
  const { raw, id } = await readRawDescription(dir);
  const path = join(dir, DESCRIPTION);
  refuseBrokenSeal(raw, path);
  return { raw, id, description: parseDescription(raw, path) };
}

/**
 * @throws SegcanaryError `io` (missing), `detector-invalid` for what is no JSON or of another
 *   version
 */
export async function readRawDescription(dir: string): Promise<RawDescription> {
  const path = join(dir, DESCRIPTION);
  await refuseUnlessFile(path);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw cannotRead(path, cause);
    throw new SegcanaryError(
      'io',
      `${dir} is not a detector: it holds no ${DESCRIPTION}; make one with segcanary fit.`,
      { cause },
    );
  });
  let raw: Record<string, unknown> | null;
  try {
    raw = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new SegcanaryError('detector-invalid', `${path} is not JSON; ${REPAIR}.`, { cause });
  }
  if (typeof raw?.formatVersion === 'number' && raw.formatVersion !== 1) {
    throw new SegcanaryError(
      'detector-invalid',
      `${path} has format version ${raw.formatVersion}, and this segcanary reads version 1; update segcanary.`,
    );
  }
  return { raw: raw ?? {}, id: `sha256:${sha256(bytes)}` };
}

/**
 * @throws SegcanaryError `detector-corrupt` where detector.json has a hash of itself that is wrong
 */
export function refuseBrokenSeal(raw: RawDescription['raw'], path: string): void {
  if (isSealed(raw) !== false) return;
  throw new SegcanaryError(
    'detector-corrupt',
    `is not as it was written, because its hash of itself differs: it was edited by hand or is damaged; ${REPAIR}.`,
    { subject: path },
  );
}

/**
 * What detector.json says, checked.
 *
 * @throws SegcanaryError `detector-invalid`, `detector-corrupt` where its fields contradict each
 *   other
 */
export function parseDescription(raw: unknown, path: string): DetectorDescription {
  const description = parseFields(raw, path);
  const [first] = inconsistencies(description);
  if (first === undefined) return description;
  throw new SegcanaryError(
    'detector-corrupt',
    `contradicts itself: ${first}; it was edited by hand or is damaged: ${REPAIR}.`,
    { subject: path },
  );
}

/** @throws SegcanaryError `detector-invalid` */
export function parseFields(raw: unknown, path: string): DetectorDescription {
  const { kind = 'features' } = (raw ?? {}) as { readonly kind?: unknown };
  const schema = Object.entries(DESCRIPTION_SCHEMAS).find(([name]) => name === kind)?.[1];
  if (!schema) {
    throw new SegcanaryError(
      'detector-invalid',
      `is a detector of kind "${quoted(kind)}", which this segcanary does not know; update segcanary.`,
      { subject: path },
    );
  }
  return parseWith(raw, schema as z.ZodType<DetectorDescription>, path, 'detector-invalid');
}
