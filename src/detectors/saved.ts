import { join } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { sha256 } from '../files/hash.js';
import { openChannelGroups } from './channel-groups.js';
import { contradictionsOfStatistics } from './consistency.js';
import type {
  DetectorDescription,
  FeaturesDescription,
  IntensitiesDescription,
  OutputsDescription,
} from './description.js';
import { parseDescription, readDescription } from './description-file.js';
import { DESCRIPTION, readVerified, writeDetectorFolder } from './folder.js';
import type { GroupDistances, PatchMethod, PatchScorer, Scorer } from './method.js';
import { ihf } from './methods/ihf.js';
import { patchMethod } from './methods/registry.js';
import type { OutputMethod } from './outputs/output-method.js';
import { outputMethod } from './outputs/registry.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from './safetensors.js';
import { sealed } from './seal.js';

export type { DetectorDescription } from './description.js';
export { checkDetectorTarget, filesOfDetector } from './folder.js';
export { type KnownDetector, writeCalibration, writeQuality } from './rewrite.js';

const ENCODER = 'encoder.onnx';
/** What the method keeps of the training patches. */
const STATISTICS = 'statistics.safetensors';
const networkFile = (fold: number): string => `network_${fold}.onnx`;

interface Loaded<Description> {
  readonly dir: string;
  readonly description: Description;
  /** `sha256:` and the hash of detector.json. It changes when the detector is calibrated. */
  readonly id: string;
}

/** Judges patches by the features of the encoder. */
export interface FeatureDetector extends Loaded<FeaturesDescription> {
  readonly kind: 'features';
  /** The ONNX model, cut at the tap. */
  readonly encoderOnnx: Uint8Array;
  readonly method: PatchMethod;
  readonly scorer: PatchScorer;
  /**
   * How far each group of channels at the tap lies from the training patches; null where that was
   * not kept.
   */
  readonly channelGroups: GroupDistances | null;
}

/** Judges scans by the outputs of the whole network. */
export interface OutputDetector extends Loaded<OutputsDescription> {
  readonly kind: 'outputs';
  /** ONNX models, one a fold. */
  readonly networks: readonly Uint8Array[];
  readonly method: OutputMethod;
}

/** Judges scans by the histogram of their intensities. */
export interface IntensityDetector extends Loaded<IntensitiesDescription> {
  readonly kind: 'intensities';
  readonly method: typeof ihf;
  readonly scorer: Scorer;
}

/** A detector as it lies in its folder: all that scoring needs. */
export type Detector = FeatureDetector | OutputDetector | IntensityDetector;

type Tensors = Readonly<Record<string, Tensor>>;

/** What a detector on features is made of. Hashes are filled in. */
export interface FeatureDetectorParts {
  readonly description: Omit<FeaturesDescription, 'encoderSha256' | 'statisticsSha256' | 'descriptionSha256'>;
  readonly encoder: Uint8Array;
  /** What the method keeps: `fit(…).tensors`. */
  readonly tensors: Tensors;
}

/** What a detector is made of. */
export type DetectorParts =
  | FeatureDetectorParts
  | { readonly description: Omit<OutputsDescription, 'descriptionSha256'>; readonly networks: readonly Uint8Array[] }
  | {
      readonly description: Omit<IntensitiesDescription, 'statisticsSha256' | 'descriptionSha256'>;
      readonly tensors: Tensors;
    };

/**
 * Writes a detector folder beside its final place and renames it: it is there whole or not at all.
 * A detector that is there already is replaced whole.
 * @throws SegcanaryError 'io' where that fails, or where something else than a detector is there.
 */
export async function saveDetector(dir: string, parts: DetectorParts): Promise<void> {
  const files: Record<string, readonly Uint8Array[]> = {};
  const hashes: Record<string, string> = {};
  if ('encoder' in parts) {
    files[ENCODER] = [parts.encoder];
    hashes.encoderSha256 = sha256(parts.encoder);
  }
  if ('tensors' in parts) {
    files[STATISTICS] = encodeSafetensors(parts.tensors);
    hashes.statisticsSha256 = sha256(...files[STATISTICS]);
  }
  if ('networks' in parts) for (const [i, network] of parts.networks.entries()) files[networkFile(i)] = [network];
  const json = sealed(parseDescription({ ...parts.description, ...hashes }, join(dir, DESCRIPTION)));
  await writeDetectorFolder(dir, { ...files, [DESCRIPTION]: [Buffer.from(json)] });
}

/**
 * Reads a detector folder and verifies every hash and size in it.
 * @throws SegcanaryError 'io' (missing), 'detector-invalid' (not a detector, or of another
 *   version), 'detector-corrupt' (a hash or size is wrong, or
 *   detector.json was edited).
 */
export async function loadDetector(dir: string): Promise<Detector> {
  return openSaved(dir, await readDescription(dir));
}

/**
 * The detector whose detector.json was read.
 *
 * @throws SegcanaryError `io`, `detector-corrupt`
 */
export async function openSaved(
  dir: string,
  { id, description }: { readonly id: string; readonly description: DetectorDescription },
): Promise<Detector> {
  if (description.kind === 'outputs') {
    const networks: Uint8Array[] = [];
    for (const [i, { sha256: hash }] of description.sourceModels.entries())
      networks.push(await readVerified(dir, networkFile(i), hash));
    return { kind: 'outputs', dir, description, id, networks, method: outputMethod(description.method)! };
  }
  if (description.kind === 'intensities') {
    const { scorer } = await readScorer(dir, description, ihf);
    return { kind: 'intensities', dir, description, id, method: ihf, scorer };
  }
  const method = patchMethod(description.method)!;
  const reading = readScorer(dir, description, method, (tensors) => contradictionsOfStatistics(description, tensors));
  // Both are read at a time, and where both are broken the encoder is told of.
  reading.catch(() => {});
  const encoderOnnx = await readVerified(dir, ENCODER, description.encoderSha256);
  const { scorer, channelGroups } = await reading;
  return { kind: 'features', dir, description, id, encoderOnnx, method, scorer, channelGroups };
}

/**
 * As `loadDetector`, for a pipeline of stages of one's own.
 * @throws SegcanaryError what `loadDetector` throws; `usage` for a detector that is not on
 *   features.
 */
export async function loadFeatureDetector(dir: string): Promise<FeatureDetector> {
  const detector = await loadDetector(dir);
  if (detector.kind === 'features') return detector;
  throw new SegcanaryError(
    'usage',
    `${detector.method.name} does not judge patches by features; name a detector that does.`,
    { subject: dir },
  );
}

interface Kept {
  readonly d: number;
  readonly statisticsSha256: string;
  readonly channelGroups?: readonly number[] | undefined;
}

/**
 * What a method kept, and what explains its verdicts, ready to judge and of the size that
 * detector.json says.
 *
 * @param contradictions what else it says that the tensors contradict, in half a sentence each
 */
async function readScorer<S extends Scorer>(
  dir: string,
  { d, statisticsSha256, channelGroups: sizes }: Kept,
  method: { open(tensors: Tensors): S },
  contradictions: (tensors: Tensors) => readonly string[] = () => [],
): Promise<{ readonly scorer: S; readonly channelGroups: GroupDistances | null }> {
  const bytes = await readVerified(dir, STATISTICS, statisticsSha256);
  const path = join(dir, STATISTICS);
  let scorer: S;
  let channelGroups: GroupDistances | null;
  let contradiction: string | undefined;
  try {
    const tensors = decodeSafetensors(bytes);
    scorer = method.open(tensors);
    channelGroups = sizes ? openChannelGroups(tensors, sizes) : null;
    contradiction = contradictions(tensors)[0];
  } catch (cause) {
    throw new SegcanaryError('detector-corrupt', `${(cause as Error).message}; fit the detector again.`, {
      subject: path,
      cause,
    });
  }
  if (scorer.d !== d) contradiction = `${DESCRIPTION} says ${d} features, ${STATISTICS} has ${scorer.d}`;
  if (contradiction === undefined) return { scorer, channelGroups };
  throw new SegcanaryError('detector-corrupt', `${contradiction}; fit it again.`, { subject: dir });
}
