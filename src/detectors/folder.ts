import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { cannotRead, cannotWrite, makeFolder } from '../files/atomic.js';
import { readHashed } from '../files/hash.js';
import { isPassingName, passingName, removeLeftovers } from '../files/leftovers.js';
import { refuseUnlessFile } from '../files/open.js';

/** The file that says what a detector is. */
export const DESCRIPTION = 'detector.json';

/** Everything that a detector's folder may hold. */
const FILES = /^(detector\.json|encoder\.onnx|statistics\.safetensors|network_\d+\.onnx)$/;

/** Every file of a detector that is there; none where there is no folder. */
export async function filesOfDetector(dir: string): Promise<string[]> {
  const names = await readdir(dir).catch(() => []);
  return names.filter((name) => FILES.test(name)).map((name) => join(dir, name));
}

/**
 * Refuses a target that `saveDetector` would refuse: ask before the hours that a fit may take.
 * @throws SegcanaryError 'io' where `dir` is there and is neither empty nor a detector and nothing
 *   else.
 */
export async function checkDetectorTarget(dir: string): Promise<void> {
  let names: string[];
  try {
    // A calibration that was killed leaves a part of detector.json, which goes with the folder.
    names = (await readdir(dir)).filter((name) => !isPassingName(name));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR')
      throw new SegcanaryError('io', `${dir} is there and is not a folder; name another one for the detector.`);
    throw cannotWrite(dir, cause);
  }
  const foreign = names.find((name) => !FILES.test(name));
  if (foreign !== undefined || (names.length > 0 && !names.includes(DESCRIPTION))) {
    throw new SegcanaryError(
      'io',
      `${dir} holds ${foreign ?? names[0]} and is not just a detector; name another folder, or empty this one.`,
    );
  }
}

/**
 * Writes a detector's files beside their final place and renames the folder: it is there whole or
 * not at all. A detector that is there already is replaced whole.
 *
 * @param files pieces of each, by name
 * @throws SegcanaryError 'io' where that fails, or where something else than a detector is there
 */
export async function writeDetectorFolder(
  dir: string,
  files: Readonly<Record<string, readonly Uint8Array[]>>,
): Promise<void> {
  await checkDetectorTarget(dir);
  const target = resolve(dir);
  const partial = passingName(target, 'partial');
  try {
    await makeFolder(dirname(target));
    await mkdir(partial);
    for (const [name, pieces] of Object.entries(files)) await writeAll(join(partial, name), pieces);
    await replaceFolder(partial, target, passingName(target, 'old'));
    // Only now: an old detector that was moved aside is all there is until the new one stands.
    await removeLeftovers(target);
  } catch (cause) {
    await rm(partial, { recursive: true, force: true });
    throw cannotWrite(dir, cause);
  }
}

/**
 * Reads a file of a detector whose hash is recorded.
 *
 * @throws SegcanaryError 'io', 'detector-corrupt'
 */
export async function readVerified(dir: string, name: string, hash: string): Promise<Uint8Array> {
  const path = join(dir, name);
  await refuseUnlessFile(path);
  const read = await readHashed(path).catch((cause) => {
    throw cannotRead(path, cause);
  });
  if (read.sha256 === hash) return read.bytes;
  throw new SegcanaryError(
    'detector-corrupt',
    `${path} is not the file that ${DESCRIPTION} records (its sha256 differs); fit the detector again.`,
  );
}

/**
 * Gives a folder its name. What had the name is moved aside first, because a folder is not renamed
 * over a full one, and comes back on failure.
 */
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
