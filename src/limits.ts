import { SegcanaryError } from './errors.js';

/**
 * What a scan may be at most. A header is 348 bytes that anybody can write, and a megabyte of gzip
 * can hold a gigabyte of zeros: nothing is allocated, written or waited for beyond these.
 */
export interface ScanLimits {
  /** Slices of a volume. */
  readonly slices: number;
  /** Voxels of a slice. What is held of a scan is a multiple of it: `maths/volume/needs.ts`. */
  readonly sliceVoxels: number;
  /**
   * Bytes of a file or an archive once it is unpacked, all of its volumes and what lies behind them
   * included. The temporary file of a scan takes at most four times as many.
   */
  readonly bytes: number;
  /**
   * Bytes that come out of gzip for one that goes in, beyond the first 64 MiB. CTs have 2 to 10,
   * masked ones up to about 100, a bomb 1000. Of an archive the same.
   */
  readonly ratio: number;
  /** Members of an archive. */
  readonly members: number;
  /** Bytes between the header and the first voxel: extensions, which are skipped. */
  readonly extension: number;
  /** Patches that the network is run on. */
  readonly patches: number;
  /**
   * Bytes of memory for the slices of one scan, what the network itself takes left out. The default
   * is also no more than the machine, or the container, has.
   */
  readonly memory: number;
  /** Seconds for one scan, from its first byte to its result. */
  readonly seconds: number;
  /** Seconds without a byte while one is waited for. */
  readonly stall: number;
  /**
   * Bytes a second that whoever sends a scan to a server has to give, on average: each buys its
   * part of a second of waiting, and `stall` seconds are lent. Files and pipes may be slower.
   */
  readonly throughput: number;
}

/**
 * Twice what the largest scanners give, and a time that only a scan that has gone wrong takes. A
 * body of 512 x 512 x 2000 voxels of 1 mm has 1,519 patches of 128 x 128 x 128 at half overlap, and
 * at half a millimetre 13,950.
 */
export const DEFAULT_LIMITS: ScanLimits = {
  slices: 16_384,
  sliceVoxels: 2 ** 24,
  bytes: 2 ** 36,
  ratio: 200,
  members: 2 ** 18,
  extension: 2 ** 24,
  patches: 2 ** 14,
  memory: 2 ** 33,
  seconds: 4 * 3600,
  stall: 600,
  throughput: 4096,
};

/** Unpacked bytes below which no ratio is too high: they do no harm. */
export const RATIO_FROM = 2 ** 26;

const units: Readonly<Record<keyof ScanLimits, string>> = {
  slices: 'slices',
  sliceVoxels: 'voxels in a slice',
  bytes: 'unpacked bytes',
  ratio: 'unpacked bytes for one that is packed',
  members: 'members',
  extension: 'bytes between header and voxels',
  patches: 'patches',
  memory: 'bytes of memory for its slices',
  seconds: 'seconds',
  stall: 'seconds without a byte',
  throughput: 'bytes a second',
};

/** The sentence for a scan that is beyond a limit. */
export function beyond(limit: keyof ScanLimits, allowed: number, name: string, found?: number): SegcanaryError {
  const has = found === undefined ? `more than ${allowed}` : `${found}`;
  const rest = found === undefined ? '' : `, and ${allowed} are allowed`;
  return new SegcanaryError(
    'limit-exceeded',
    `has ${has} ${units[limit]}${rest}; the file is probably damaged or hostile, and if it is not, raise the limit (\`limits.${limit}\`).`,
    { subject: name, option: `limits.${limit}` },
  );
}

/** The sentence for bytes that stopped coming. */
export const stalled = (name: string, seconds: number): SegcanaryError =>
  new SegcanaryError(
    'timed-out',
    `no byte came for ${seconds} s, so what sends the scan has stalled; send it again (\`limits.stall\` waits longer).`,
    { option: 'limits.stall', subject: name },
  );

/**
 * Fills in the defaults.
 *
 * @throws SegcanaryError `usage` for a limit that is not above 0
 */
export function limitsOf(given: Partial<ScanLimits> = {}): ScanLimits {
  const limits: { -readonly [K in keyof ScanLimits]: number } = { ...DEFAULT_LIMITS };
  for (const [name, value] of Object.entries(given) as [keyof ScanLimits, number | undefined][]) {
    if (value === undefined) continue;
    if (!Object.hasOwn(DEFAULT_LIMITS, name) || !(value > 0))
      throw new SegcanaryError(
        'usage',
        `The limit ${name}=${value}: choose from ${Object.keys(DEFAULT_LIMITS).join(', ')}, and a number above 0.`,
      );
    limits[name] = value;
  }
  return limits;
}

/**
 * Milliseconds for a timer, which takes 24.8 days at most and fires at once for more: longer than
 * that is for ever.
 */
export const timerMs = (seconds: number): number => Math.min(seconds * 1000, 2 ** 31 - 1);
