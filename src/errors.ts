/**
 * What went wrong, for programs. The message beside it is one sentence for people: it names the
 * file, what is wrong and what to do.
 */
export type ErrorCode =
  /** A file or folder is missing, unreadable or cannot be written. */
  | 'io'
  /** Bytes ended before the data did, or a gzip stream did. */
  | 'truncated'
  /** gzip data whose checksum or structure is wrong. */
  | 'gzip-corrupt'
  | 'nifti-invalid'
  /**
   * Well-formed NIfTI that segmentation models have no use for: complex, RGB, 4-D without a volume
   * named, …
   */
  | 'nifti-unsupported'
  /** Larger than allowed: limits.ts. */
  | 'limit-exceeded'
  /** The scan took too long, or its bytes stopped coming. */
  | 'timed-out'
  /** NaN or infinity among the voxels. */
  | 'non-finite'
  /** The scan does not fit the plan: channels, empty image, … */
  | 'scan-unsuitable'
  | 'plan-invalid'
  | 'plan-unsupported'
  | 'model-invalid'
  | 'model-unsupported'
  | 'tap-not-found'
  | 'no-bottleneck'
  /** onnxruntime refused or failed. */
  | 'inference-failed'
  | 'fit-failed'
  /** The CSV file of a cohort. */
  | 'cohort-invalid'
  | 'detector-invalid'
  /** A file of the detector does not have the hash that detector.json records. */
  | 'detector-corrupt'
  /** A wrong option or argument. */
  | 'usage'
  | 'aborted';

/**
 * Characters of a message at most: two paths of the longest kind do not fit, and nobody reads more.
 */
const longestMessage = 2000;

/**
 * Messages quote names and values out of files, which may be megabytes long or hold line ends and
 * escape sequences: a log has one line for an error, and a terminal is not for a file to steer.
 */
function oneLine(message: string): string {
  const line = message.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
  if (line.length <= longestMessage) return line;
  return `${line.slice(0, 0.75 * longestMessage)} … ${line.slice(-0.2 * longestMessage)}`;
}

/**
 * Every error that segcanary raises on purpose. `cause` holds what lies beneath, where there is
 * something.
 */
export class SegcanaryError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(oneLine(message), options);
    this.name = 'SegcanaryError';
    this.code = code;
  }
}

/** Whether an error says that somebody asked for the work to stop. */
export function isAbort(error: unknown): boolean {
  return (
    (error instanceof SegcanaryError && error.code === 'aborted') ||
    (error instanceof Error && (error.name === 'AbortError' || (error as NodeJS.ErrnoException).code === 'ABORT_ERR'))
  );
}
