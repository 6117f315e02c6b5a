import { join } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { makeFolder } from '../files/atomic.js';
import { sha256 } from '../files/hash.js';
import { identifyScan, type ScanIdentity } from '../scans/identify.js';
import type { ScanOptions } from '../scans/run.js';
import { hashInput, openFiles, type ScanInput } from './inputs.js';
import { readSealed, writeSealed } from './sealed-json.js';

/** A scan by its bytes and by its voxels. */
export interface KnownScan extends ScanIdentity {
  /** sha256 of its bytes, as `hashInput` gives it. */
  readonly bytes: string;
}

export interface IdentifyOptions extends Pick<ScanOptions, 'volume' | 'limits' | 'signal'> {
  /** Folder that keeps what was found, by the bytes of the scan. @default none */
  readonly cache?: string | undefined;
}

/**
 * What a scan is, however it is stored: read from its file once, without a network.
 *
 * @returns null for stdin and pipes, which can be read only once
 * @throws SegcanaryError whatever is wrong with the scan, `io`, `aborted`
 */
export async function identifyInput(input: ScanInput, options: IdentifyOptions = {}): Promise<KnownScan | null> {
  const { volume, limits, signal, cache } = options;
  const bytes = await hashInput(input, signal);
  if (bytes === null) return null;
  const key = sha256('identity 1', bytes, String(volume));
  const path = cache && join(cache, `${key}.identity`);
  const kept = path && ((await readSealed(path, key)) as ScanIdentity | null);
  if (kept) return { ...kept, bytes };
  const { case: name, file } = input;
  const scan = { case: name, file, ...(volume !== undefined && { volume }), ...(limits && { limits }) };
  const found = await identifyScan(await openFiles(input, limits, signal), { ...scan, ...(signal && { signal }) });
  if (path && cache) {
    await makeFolder(cache);
    await writeSealed(path, key, found);
  }
  return { ...found, bytes };
}

/** Scans that were seen, so that none of them is taken twice. */
export class SeenScans {
  readonly #files = new Map<string, string>();

  /**
   * Notes a scan that is to be fitted to or calibrated with.
   *
   * @throws SegcanaryError `scan-unsuitable` for a segmentation, `usage` for a scan that was noted
   *   before, however it is stored
   */
  take({ file }: Pick<ScanInput, 'file'>, { bytes, voxels, isSegmentation }: KnownScan): void {
    if (isSegmentation) throw isNoImage({ file });
    const other = this.#files.get(bytes) ?? this.#files.get(voxels);
    if (other !== undefined)
      throw new SegcanaryError(
        'usage',
        `is the same scan as ${other}, voxel by voxel, and would count twice; leave one of them out.`,
        { subject: file },
      );
    for (const identity of [bytes, voxels]) this.#files.set(identity, file);
  }
}

/** The sentence for a segmentation among scans. */
export const isNoImage = ({ file }: Pick<ScanInput, 'file'>): SegcanaryError =>
  new SegcanaryError(
    'scan-unsuitable',
    'its voxels are labels, a few whole numbers in solid pieces, so that it is a segmentation and no image; leave it out.',
    { subject: file },
  );
