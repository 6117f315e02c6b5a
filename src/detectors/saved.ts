import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { SegcanaryError } from '../errors.js';
import { cannotRead, writeFileAtomically } from '../files/atomic.js';
import { sha256 } from '../files/hash.js';
import { parseWith, quoted } from '../files/json.js';
import type { Calibration } from './calibration.js';
import { openChannelGroups } from './channel-groups.js';
import {
  DESCRIPTION_SCHEMAS,
  type DetectorDescription,
  type FeaturesDescription,
  type IntensitiesDescription,
  type OutputsDescription,
} from './description.js';
import { DESCRIPTION, readVerified, writeDetectorFolder } from './folder.js';
import type { GroupDistances, PatchMethod, PatchScorer, Scorer } from './method.js';
import { ihf } from './methods/ihf.js';
import { patchMethod } from './methods/registry.js';
import type { OutputMethod } from './outputs/output-method.js';
import { outputMethod } from './outputs/registry.js';
import type { QualityModel } from './quality/model.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from './safetensors.js';

export type { DetectorDescription } from './description.js';
export { checkDetectorTarget, filesOfDetector } from './folder.js';

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
  readonly description: Omit<FeaturesDescription, 'encoderSha256' | 'statisticsSha256'>;
  readonly encoder: Uint8Array;
  /** What the method keeps: `fit(…).tensors`. */
  readonly tensors: Tensors;
}

/** What a detector is made of. */
export type DetectorParts =
  | FeatureDetectorParts
  | { readonly description: OutputsDescription; readonly networks: readonly Uint8Array[] }
  | { readonly description: Omit<IntensitiesDescription, 'statisticsSha256'>; readonly tensors: Tensors };

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
  const json = toJson(parseDescription({ ...parts.description, ...hashes }, join(dir, DESCRIPTION)));
  await writeDetectorFolder(dir, { ...files, [DESCRIPTION]: [Buffer.from(json)] });
}

/**
 * Reads a detector folder and verifies every hash and size in it.
 * @throws SegcanaryError 'io' (missing), 'detector-invalid' (not a detector, or of another
 *   version), 'detector-corrupt' (a hash or size is wrong).
 */
export async function loadDetector(dir: string): Promise<Detector> {
  const { bytes, description } = await readDescription(dir);
  const id = `sha256:${sha256(bytes)}`;
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
  const reading = readScorer(dir, description, method);
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

/** Rewrites detector.json with a calibration, atomically; whatever else is in it stays. */
export async function writeCalibration(dir: string, calibration: Calibration | null): Promise<void> {
  const { raw } = await readDescription(dir);
  await writeFileAtomically(join(dir, DESCRIPTION), toJson({ ...raw, calibration }));
}

/** Rewrites detector.json with what Dice to expect, atomically; whatever else is in it stays. */
export async function writeQuality(dir: string, quality: QualityModel): Promise<void> {
  const { raw } = await readDescription(dir);
  await writeFileAtomically(join(dir, DESCRIPTION), toJson({ ...raw, quality }));
}

async function readDescription(dir: string) {
  const path = join(dir, DESCRIPTION);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== 'ENOENT' && cause.code !== 'ENOTDIR') throw cannotRead(path, cause);
    throw new SegcanaryError(
      'io',
      `${dir} is not a detector: it holds no ${DESCRIPTION}; make one with segcanary fit.`,
      { cause },
    );
  });
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    throw new SegcanaryError('detector-invalid', `${path} is not JSON; fit the detector again.`, { cause });
  }
  if (typeof raw?.formatVersion === 'number' && raw.formatVersion !== 1) {
    throw new SegcanaryError(
      'detector-invalid',
      `${path} has format version ${raw.formatVersion}, and this segcanary reads version 1; update segcanary.`,
    );
  }
  return { bytes, raw, description: parseDescription(raw, path) };
}

function parseDescription(raw: unknown, path: string): DetectorDescription {
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

/**
 * What a method kept, and what explains its verdicts, ready to judge and of the size that
 * detector.json says.
 */
async function readScorer<S extends Scorer>(
  dir: string,
  {
    d,
    statisticsSha256,
    channelGroups: sizes,
  }: { readonly d: number; readonly statisticsSha256: string; readonly channelGroups?: readonly number[] | undefined },
  method: { open(tensors: Tensors): S },
): Promise<{ readonly scorer: S; readonly channelGroups: GroupDistances | null }> {
  const bytes = await readVerified(dir, STATISTICS, statisticsSha256);
  let scorer: S;
  let channelGroups: GroupDistances | null;
  try {
    const tensors = decodeSafetensors(bytes);
    scorer = method.open(tensors);
    channelGroups = sizes ? openChannelGroups(tensors, sizes) : null;
  } catch (cause) {
    const path = join(dir, STATISTICS);
    throw new SegcanaryError('detector-corrupt', `${(cause as Error).message}; fit the detector again.`, {
      subject: path,
      cause,
    });
  }
  if (scorer.d === d) return { scorer, channelGroups };
  throw new SegcanaryError(
    'detector-corrupt',
    `${DESCRIPTION} says ${d} features, ${STATISTICS} has ${scorer.d}; fit it again.`,
    { subject: dir },
  );
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
