import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { cannotRead } from '../files/atomic.js';
import { sha256 } from '../files/hash.js';
import { replaceUnchanged } from '../files/replace.js';
import type { Calibration } from './calibration.js';
import { parseDescription, readDescription } from './description-file.js';
import { DESCRIPTION } from './folder.js';
import type { QualityModel } from './quality/model.js';
import { sealed } from './seal.js';

/** A detector by its folder, and by what its detector.json was when it was loaded. */
export interface KnownDetector {
  readonly dir: string;
  readonly id: string;
}

/**
 * Rewrites detector.json with a calibration, atomically; whatever else is in it stays.
 *
 * @param detector as it was when its scans were scored
 * @returns the detector's new id
 * @throws SegcanaryError `detector-changed` where another detector, or the same one calibrated
 *   otherwise, is in its place by now; `io`
 */
export const writeCalibration = (detector: KnownDetector, calibration: Calibration | null): Promise<string> =>
  rewrite(detector, { calibration });

/** The same with what Dice to expect. */
export const writeQuality = (detector: KnownDetector, quality: QualityModel): Promise<string> =>
  rewrite(detector, { quality });

/**
 * @throws SegcanaryError `detector-changed` where detector.json is no longer the one that has this
 *   id, or none is there; `io`
 */
export async function refuseIfChanged({ dir, id }: KnownDetector): Promise<void> {
  const path = join(dir, DESCRIPTION);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return null;
    throw cannotRead(path, cause);
  });
  if (bytes !== null && `sha256:${sha256(bytes)}` === id) return;
  throw new SegcanaryError(
    'detector-changed',
    bytes === null
      ? 'is not there any more, so nothing was written; fit it again, then calibrate it.'
      : 'was fitted or calibrated anew since this calibration began, so nothing was written: a boundary belongs to the detector whose scores it was drawn from; calibrate again.',
    { subject: dir },
  );
}

async function rewrite(detector: KnownDetector, fields: Readonly<Record<string, unknown>>): Promise<string> {
  await refuseIfChanged(detector);
  const path = join(detector.dir, DESCRIPTION);
  const { raw } = await readDescription(detector.dir);
  const changed = { ...raw, ...fields };
  parseDescription(changed, path);
  const text = sealed(changed);
  await replaceUnchanged(path, text, () => refuseIfChanged(detector));
  return `sha256:${sha256(text)}`;
}
