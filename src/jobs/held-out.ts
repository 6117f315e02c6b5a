import type { DetectorDescription } from '../detectors/description.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { failureOf, type ScanFailure } from '../results.js';
import { type IdentifyOptions, identifyInput, isNoImage, namesOf, SeenScans } from './identities.js';
import type { ScanInput } from './inputs.js';

export interface HeldOutOptions extends Pick<IdentifyOptions, 'volume' | 'limits' | 'signal'> {
  readonly detector: {
    readonly description: Pick<DetectorDescription, 'plan' | 'trainingScans' | 'trainingVoxels' | 'trainingOriented'>;
  };
  readonly inputs: readonly ScanInput[];
}

/**
 * The inputs that a detector may be calibrated with: those that are no segmentations. Training
 * scans score too low, so that a boundary drawn from them rejects fresh scans of the same kind; a
 * scan that is there twice counts for more than one.
 *
 * @param failed told of every segmentation
 * @throws SegcanaryError `usage` for a scan that the detector was fitted to, or that is there
 *   twice, however it is stored
 */
export async function heldOutImages(
  { detector, inputs, volume, limits, signal }: HeldOutOptions,
  failed: (failure: ScanFailure) => void,
): Promise<ScanInput[]> {
  const { plan, trainingScans = [], trainingVoxels = [], trainingOriented = [] } = detector.description;
  const trained = new Set([...trainingScans, ...trainingVoxels, ...trainingOriented]);
  const seen = new SeenScans();
  const images: ScanInput[] = [];
  for (const input of inputs) {
    // A scan that cannot be read fails by itself, later.
    const known = await identifyInput(input, { plan, volume, limits, signal }).catch((error: unknown) => {
      if (isAbort(error)) throw error;
      return null;
    });
    if (known && namesOf(known).some((name) => trained.has(name)))
      throw new SegcanaryError(
        'usage',
        'the detector was fitted to this scan; calibrate with scans that it has not seen.',
        { subject: input.file },
      );
    if (known?.isSegmentation) {
      failed(failureOf(input.case, isNoImage(input)));
      continue;
    }
    if (known) seen.take(input, known);
    images.push(input);
  }
  return images;
}
