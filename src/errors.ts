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
  /** A DICOM file that is not what DICOM says it has to be, or whose pixels are damaged. */
  | 'dicom-invalid'
  /**
   * Well-formed DICOM that segmentation models have no use for, or that is not read here: colour,
   * a transfer syntax, a report.
   */
  | 'dicom-unsupported'
  /** The slices of a series make no volume: one is missing, two are at one place, a tilt, … */
  | 'series-inconsistent'
  /** A zip or tar archive that is damaged, encrypted, or holds nothing that is read. */
  | 'archive-invalid'
  /** Another system (an archive, a DICOMweb server) refused, failed or could not be reached. */
  | 'peer-failed'
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
  /**
   * A file of the detector does not have the hash that detector.json records, or that file was
   * edited or damaged itself.
   */
  | 'detector-corrupt'
  /** The detector was replaced, calibrated or removed since it was loaded. */
  | 'detector-changed'
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
export function oneLine(message: string): string {
  const line = withoutControls(message);
  if (line.length <= longestMessage) return line;
  return `${line.slice(0, 0.75 * longestMessage)} … ${line.slice(-0.2 * longestMessage)}`;
}

/** Text in one line that steers no terminal. */
export const withoutControls = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');

/**
 * An option that would help, by the library's name for it. A sentence quotes it in backticks, and a
 * front end puts its own word there: a flag, a query parameter.
 */
export type OptionName =
  | 'allow'
  | 'case'
  | 'data'
  | 'detectors'
  | 'dicom'
  | 'eachSeries'
  | 'early'
  | 'explain'
  | 'fdr'
  | 'format'
  | 'level'
  | 'mask'
  | 'method'
  | 'mirror'
  | 'modality'
  | 'output'
  | 'plans'
  | 'port'
  | 'rememberConstants'
  | 'sendTo'
  | 'series'
  | 'spool'
  | 'stepSize'
  | 'tap'
  | 'tmpdir'
  | 'token'
  | 'untilt'
  | 'volume'
  | `limits.${string}`;

/** What a front end calls options of the library: the word for one, or null for its own name. */
export type OptionWords = (option: OptionName) => string | null;

export interface SegcanaryErrorOptions extends ErrorOptions {
  /** What the sentence is about, which then begins with it: a file, a case. */
  readonly subject?: string | undefined;
  /** An option that would help. The sentence quotes it in backticks. */
  readonly option?: OptionName | null | undefined;
}

/** Every error that segcanary raises on purpose. `cause` holds what lies beneath, if anything. */
export class SegcanaryError extends Error {
  readonly code: ErrorCode;
  /** What it is about: a file, a case. Null where the sentence names nothing first. */
  readonly subject: string | null;
  /** An option that would help; the message quotes it in backticks. */
  readonly option: OptionName | null;

  /** @param sentence what is wrong and what to do; without its subject where that is given */
  constructor(code: ErrorCode, sentence: string, { subject, option, ...options }: SegcanaryErrorOptions = {}) {
    super(oneLine(subject === undefined ? sentence : `${subject}: ${sentence}`), options);
    this.name = 'SegcanaryError';
    this.code = code;
    this.subject = subject ?? null;
    this.option = option ?? null;
  }
}

/** An error as plain data. */
export interface ErrorDescription {
  /** One of `ErrorCode`, or `internal` for what nobody foresaw. */
  readonly code: string;
  readonly message: string;
  /** What the message begins with; null where it names nothing first. */
  readonly subject?: string | null;
  /** An option that would help; the message quotes it in backticks. */
  readonly option?: OptionName;
}

/**
 * Whatever was thrown as one sentence with a code.
 *
 * @param name what was being worked on, for errors that do not say so themselves
 */
export function describeError(error: unknown, name?: string): ErrorDescription {
  if (error instanceof SegcanaryError) {
    const { code, message, subject, option } = error;
    return { code, message, subject, ...(option && { option }) };
  }
  const { code, message } = error as NodeJS.ErrnoException;
  const isSystemError = typeof code === 'string' && /^E[A-Z0-9]+$/.test(code);
  return {
    code: isSystemError ? 'io' : 'internal',
    message: `${name === undefined ? '' : `${name}: `}${message ?? String(error)}`,
    subject: name ?? null,
  };
}

/**
 * The message of an error in the words of a front end: the option that helps, and others beside it.
 */
export function inWords({ message, option }: Pick<ErrorDescription, 'message' | 'option'>, words: OptionWords): string {
  if (!option) return message;
  return message.replace(/`([A-Za-z.]+)`/g, (quoted, name: OptionName) => words(name) ?? quoted);
}

/** Whether an error says that somebody asked for the work to stop. */
export function isAbort(error: unknown): boolean {
  return (
    (error instanceof SegcanaryError && error.code === 'aborted') ||
    (error instanceof Error && (error.name === 'AbortError' || (error as NodeJS.ErrnoException).code === 'ABORT_ERR'))
  );
}
