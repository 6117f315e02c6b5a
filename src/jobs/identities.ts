import { join } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { makeFolder } from '../files/atomic.js';
import { sha256 } from '../files/hash.js';
import { identifyScan, type ScanIdentity } from '../scans/identify.js';
import type { ScanOptions } from '../scans/run.js';
import type { ScanInput } from './inputs.js';
import { hashInput, openFiles } from './open-input.js';
import { readSealed, writeSealed } from './sealed-json.js';

/** A scan by its bytes and by its voxels. */
export interface KnownScan extends ScanIdentity {
  /** sha256 of its bytes, as `hashInput` gives it. */
  readonly bytes: string;
}

export interface IdentifyOptions extends Pick<ScanOptions, 'volume' | 'limits' | 'signal'> {
  /**
   * The network's, whose reader decides what the voxels of a file are: two scans are the same one
   * to it, and to another they need not be.
   * @default none, and what most readers make of a file
   */
  readonly plan?: ScanOptions['plan'];
  /** Folder that keeps what was found, by the bytes of the scan. @default none */
  readonly cache?: string | undefined;
  /** sha256 of the bytes, where it is known already. @default worked out */
  readonly bytes?: string | null | undefined;
}

/**
 * What a scan is, however it is stored: read from its file once, without a network.
 *
 * @returns null for stdin and pipes, which can be read only once
 * @throws SegcanaryError whatever is wrong with the scan, `io`, `aborted`
 */
export async function identifyInput(input: ScanInput, options: IdentifyOptions = {}): Promise<KnownScan | null> {
  const { volume, limits, signal, cache, plan } = options;
  const { bytes = await hashInput(input, signal) } = options;
  if (bytes === null) return null;
  // Counted up when more is kept of a scan.
  const key = sha256('identity 2', bytes, String(volume), String(plan?.reader), String(plan?.imageReader));
  const path = cache && join(cache, `${key}.identity`);
  const kept = path && ((await readSealed(path, key)) as ScanIdentity | null);
  if (kept) return { ...kept, bytes };
  const { case: name, file } = input;
  const scan = { case: name, file, plan, ...(volume !== undefined && { volume }), ...(limits && { limits }) };
  const found = await identifyScan(await openFiles(input, limits, signal), { ...scan, ...(signal && { signal }) });
  if (path && cache) {
    await makeFolder(cache);
    await writeSealed(path, key, found);
  }
  return { ...found, bytes };
}

/** What two scans have in common that are the same one: any of these. */
export const namesOf = ({ bytes, voxels, oriented }: Omit<KnownScan, 'isSegmentation'>): readonly string[] => [
  bytes,
  voxels,
  oriented,
];

/** Scans that were seen, so that none of them is taken twice. */
export class SeenScans {
  readonly #files = new Map<string, string>();

  /**
   * Notes a scan that is to be fitted to or calibrated with.
   *
   * @throws SegcanaryError `scan-unsuitable` for a segmentation, `usage` for a scan that was noted
   *   before, however it is stored
   */
  take({ file }: Pick<ScanInput, 'file'>, known: KnownScan): void {
    if (known.isSegmentation) throw isNoImage({ file });
    const names = namesOf(known);
    const other = names.map((name) => this.#files.get(name)).find((seen) => seen !== undefined);
    if (other !== undefined)
      throw new SegcanaryError(
        'usage',
        `is the same scan as ${other}, voxel by voxel, and would count twice; leave one of them out.`,
        { subject: file },
      );
    for (const name of names) this.#files.set(name, file);
  }
}

/** The sentence for a segmentation among scans. */
export const isNoImage = ({ file }: Pick<ScanInput, 'file'>): SegcanaryError =>
  new SegcanaryError(
    'scan-unsuitable',
    'its voxels are labels, a few whole numbers in solid pieces, so that it is a segmentation and no image; leave it out.',
    { subject: file },
  );
