import { SegcanaryError } from './errors.js';

/**
 * What a scan may be at most. A header is 348 bytes that anybody can write, and a megabyte of gzip
 * can hold a gigabyte of zeros: nothing is allocated, written or waited for beyond these.
 */
export interface ScanLimits {
  /** Slices of a volume. */
  readonly slices: number;
  /** Voxels of a slice: one slice is the most that is held of a scan as it is read. */
  readonly sliceVoxels: number;
  /**
   * Bytes of a file once it is unpacked, all of its volumes and what lies behind them included. The
   * temporary file of a scan takes at most four times as many.
   */
  readonly bytes: number;
  /**
   * Bytes that come out of gzip for one that goes in, beyond the first 64 MiB. CTs have 2 to 10,
   * masked ones up to about 100, a bomb 1000.
   */
  readonly ratio: number;
  /** Bytes between the header and the first voxel: extensions, which are skipped. */
  readonly extension: number;
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

/** Twice what the largest scanners give, and a time that only a scan that has gone wrong takes. */
export const DEFAULT_LIMITS: ScanLimits = {
  slices: 16_384,
  sliceVoxels: 2 ** 24,
  bytes: 2 ** 36,
  ratio: 200,
  extension: 2 ** 24,
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
  ratio: 'unpacked bytes for one of gzip',
  extension: 'bytes between header and voxels',
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
