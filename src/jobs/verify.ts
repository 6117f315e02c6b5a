import { join } from 'node:path';
import { inconsistencies } from '../detectors/consistency.js';
import { parseFields, readRawDescription, refuseBrokenSeal } from '../detectors/description-file.js';
import { DESCRIPTION } from '../detectors/folder.js';
import { openDetector } from '../detectors/opened.js';
import { type Detector, openSaved } from '../detectors/saved.js';
import { SEAL } from '../detectors/seal.js';
import { describeError, SegcanaryError } from '../errors.js';
import type { WithInference } from '../network/inference/options.js';

/** One thing that a detector was checked for. */
export interface DetectorCheck {
  readonly check: 'json' | 'hash-of-itself' | 'fields' | 'consistency' | 'files' | 'networks';
  readonly ok: boolean;
  /** What is right, or wrong. */
  readonly message: string;
}

export interface DetectorVerification {
  /** As in results; null where detector.json cannot be read. */
  readonly id: string | null;
  /** Whether every check went well. */
  readonly ok: boolean;
  readonly checks: readonly DetectorCheck[];
}

/**
 * Checks a saved detector whole: that detector.json is as it was written and does not contradict
 * itself, that every file beside it is the one that it records, and that its networks run and give
 * what it says. A check that needs what another one found wrong is left out.
 */
export async function verifyDetector(dir: string, { inference }: WithInference = {}): Promise<DetectorVerification> {
  const checks: DetectorCheck[] = [];
  /** @returns what the work gives; null where it fails */
  const check = async <T>(name: DetectorCheck['check'], right: (found: T) => string, work: () => T | Promise<T>) => {
    try {
      const found = await work();
      checks.push({ check: name, ok: true, message: right(found) });
      return found;
    } catch (error) {
      checks.push({ check: name, ok: false, message: describeError(error).message });
      return null;
    }
  };
  const path = join(dir, DESCRIPTION);
  const read = await check(
    'json',
    () => `${path} is there, and of format version 1.`,
    () => readRawDescription(dir),
  );
  if (read === null) return { id: null, ok: false, checks };
  const { raw, id } = read;
  await check(
    'hash-of-itself',
    () =>
      SEAL in raw
        ? `${path} is as it was written.`
        : `${path} has no hash of itself, as those of earlier versions; calibrate writes one.`,
    () => refuseBrokenSeal(raw, path),
  );
  const description = await check(
    'fields',
    ({ kind }) => `It describes a detector on ${kind}, and every field has its form.`,
    () => parseFields(raw, path),
  );
  if (description !== null) {
    const wrong = inconsistencies(description);
    for (const what of wrong) checks.push({ check: 'consistency', ok: false, message: `${path}: ${what}.` });
    if (wrong.length === 0)
      checks.push({ check: 'consistency', ok: true, message: 'What follows from something else in it does.' });
    const detector = await check(
      'files',
      () => 'Every file is the one that it records, and of the size that it says.',
      () => openSaved(dir, { id, description }),
    );
    if (detector && detector.kind !== 'intensities')
      await check(
        'networks',
        () => 'Its networks run, and give what it says.',
        () => tryNetworks(detector, { inference }),
      );
  }
  return { id, ok: checks.every(({ ok }) => ok), checks };
}

/** One patch of zeros through each network. */
async function tryNetworks(detector: Detector, options: WithInference): Promise<void> {
  const opened = await openDetector(detector, options);
  const { channels, patchSize } = detector.description.plan;
  const shape = [channels.length, ...patchSize] as const;
  const zeros = new Float32Array(shape.reduce((product, n) => product * n, 1));
  if (opened.kind === 'outputs') await opened.sampler.predict(zeros, shape);
  if (opened.kind !== 'features') return;
  const { tap, stages, d } = opened.description;
  const given = await opened.encoder.encode(zeros, shape);
  const contradict = (what: string) =>
    new SegcanaryError('detector-corrupt', `${what}; fit the detector again.`, { subject: opened.dir });
  if (`${given.shape}` !== `${tap.shape}`)
    throw contradict(`${DESCRIPTION} says a tap of ${tap.shape}, and its encoder gives ${given.shape} there`);
  if (stages && given.measured?.length !== d)
    throw contradict(`${DESCRIPTION} says ${d} features, and its encoder measures ${given.measured?.length ?? 'none'}`);
}
