import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { cannotRead, cannotWrite, writeFileAtomically } from '../files.js';
import { parseWith } from '../model/json-sentence.js';
import type { Calibration } from './calibration.js';
import { type DetectorDescription, descriptionSchema, type NewDescription } from './description.js';
import type { PatchMethod, PatchScorer } from './method.js';
import { patchMethod } from './methods/registry.js';
import { decodeSafetensors, encodeSafetensors, type Tensor } from './safetensors.js';

export type { DetectorDescription, NewDescription } from './description.js';

const DESCRIPTION = 'detector.json';
const ENCODER = 'encoder.onnx';
/** What the method keeps of the training patches. */
const STATISTICS = 'statistics.safetensors';
const FILES: readonly string[] = [DESCRIPTION, ENCODER, STATISTICS];

/** A detector as it lies in its folder: all that scoring needs. */
export interface Detector {
  readonly dir: string;
  readonly description: DetectorDescription;
  /** `sha256:` and the hash of detector.json. It changes when the detector is calibrated. */
  readonly id: string;
  /** The ONNX model, cut at the tap. */
  readonly encoder: Uint8Array;
  readonly method: PatchMethod;
  readonly scorer: PatchScorer;
}

export interface DetectorParts {
  readonly description: NewDescription;
  readonly encoder: Uint8Array;
  /** What the method keeps: `fit(…).tensors`. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/**
 * Refuses a target that `saveDetector` would refuse: ask before the hours that a fit may take.
 * @throws SegcanaryError 'io' where `dir` is there and is neither empty nor a detector and nothing else.
 */
export async function checkDetectorTarget(dir: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(dir);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR')
      throw new SegcanaryError('io', `${dir} is there and is not a folder; name another one for the detector.`);
    throw cannotWrite(dir, cause);
  }
  const foreign = names.find((name) => !FILES.includes(name));
  if (foreign !== undefined || (names.length > 0 && !names.includes(DESCRIPTION))) {
    throw new SegcanaryError(
      'io',
      `${dir} holds ${foreign ?? names[0]} and is not just a detector; name another folder, or empty this one.`,
    );
  }
}

/**
 * Writes a detector folder beside its final place and renames it: it is there whole or not at all. A detector that is there already is
 * replaced whole.
 * @throws SegcanaryError 'io' where that fails, or where something else than a detector is there.
 */
export async function saveDetector(dir: string, { description, encoder, tensors: kept }: DetectorParts): Promise<void> {
  await checkDetectorTarget(dir);
  const target = resolve(dir);
  const beside = (what: string) =>
    join(dirname(target), `.${basename(target)}.${process.pid}.${randomBytes(4).toString('hex')}.${what}`);
  const partial = beside('partial');
  const tensors = encodeSafetensors(kept);
  const full = { ...description, encoderSha256: sha256(encoder), statisticsSha256: sha256(...tensors) };
  const json = toJson(parseWith(full, descriptionSchema, `${dir}/${DESCRIPTION}`, 'detector-invalid'));
  try {
    await mkdir(partial, { recursive: true });
    await writeAll(join(partial, ENCODER), [encoder]);
    await writeAll(join(partial, STATISTICS), tensors);
    await writeAll(join(partial, DESCRIPTION), [Buffer.from(json)]);
    await replaceFolder(partial, target, beside('old'));
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    throw cannotWrite(dir, cause);
  }
}

/**
 * Reads a detector folder and verifies every hash and size in it.
 * @throws SegcanaryError 'io' (missing), 'detector-invalid' (not a detector, or of another version), 'detector-corrupt' (a hash or size is wrong).
 */
export async function loadDetector(dir: string): Promise<Detector> {
  const { bytes, description } = await readDescription(dir);
  const encoder = await readVerified(dir, ENCODER, description.encoderSha256);
  const method = patchMethod(description.method) as PatchMethod;
  const statistics = await readVerified(dir, STATISTICS, description.statisticsSha256);
  const scorer = openScorer(join(dir, STATISTICS), method, statistics);
  if (scorer.d !== description.d) {
    throw new SegcanaryError(
      'detector-corrupt',
      `${dir}: ${DESCRIPTION} says ${description.d} features, ${STATISTICS} has ${scorer.d}; fit it again.`,
    );
  }
  return { dir, description, id: `sha256:${sha256(bytes)}`, encoder, method, scorer };
}

/** Rewrites detector.json with a calibration, atomically; whatever else is in it stays. */
export async function writeCalibration(dir: string, calibration: Calibration | null): Promise<void> {
  const { raw } = await readDescription(dir);
  await writeFileAtomically(join(dir, DESCRIPTION), toJson({ ...raw, calibration }));
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
  return { bytes, raw, description: parseWith(raw, descriptionSchema, path, 'detector-invalid') };
}

async function readVerified(dir: string, name: string, hash: string): Promise<Uint8Array> {
  const path = join(dir, name);
  const bytes = await readFile(path).catch((cause) => {
    throw cannotRead(path, cause);
  });
  if (sha256(bytes) === hash) return bytes;
  throw new SegcanaryError(
    'detector-corrupt',
    `${path} is not the file that ${DESCRIPTION} records (its sha256 differs); fit the detector again.`,
  );
}

function openScorer(path: string, method: PatchMethod, bytes: Uint8Array): PatchScorer {
  try {
    return method.open(decodeSafetensors(bytes));
  } catch (cause) {
    throw new SegcanaryError('detector-corrupt', `${path}: ${(cause as Error).message}; fit the detector again.`, {
      cause,
    });
  }
}

/** Gives a folder its name. What had the name is moved aside first, because a folder is not renamed over a full one, and comes back on failure. */
async function replaceFolder(from: string, to: string, aside: string): Promise<void> {
  const replaced = await rename(to, aside).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return false;
      throw cause;
    },
  );
  try {
    await rename(from, to);
  } catch (cause) {
    if (replaced) await rename(aside, to);
    throw cause;
  }
  await rm(aside, { recursive: true, force: true });
}

async function writeAll(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const file = await open(path, 'wx');
  try {
    for (const piece of pieces) await file.writeFile(piece);
    await file.sync();
  } finally {
    await file.close();
  }
}

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

function sha256(...pieces: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
