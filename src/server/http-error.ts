import { describeError, type ErrorDescription, inWords, isAbort, type OptionWords, SegcanaryError } from '../errors.js';
import { type ErrorBody, errorBodyOf } from '../protocol/error-body.js';

/** What only a server has to say no to. */
export type HttpErrorCode =
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'method-not-allowed'
  | 'queue-full'
  | 'draining'
  | 'too-large'
  | 'timed-out'
  | 'unavailable'
  | 'unsupported-media-type'
  | 'usage';

const LINE_ENDS = /[\p{Cc}\u2028\u2029]+/gu;

/**
 * A refusal that is no scan's fault: one sentence, with the status that says the same to programs.
 */
export class HttpError extends Error {
  readonly status: number;
  readonly code: HttpErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: HttpErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    // It may quote a path, and a path may hold a line end.
    super(message.replace(LINE_ENDS, ' '));
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** What the server calls an option of the library: query parameters have the library's names. */
const wordOf: OptionWords = (option) => (option.startsWith('limits.') ? `the server’s limit ${option.slice(7)}` : null);

/** Scans that are wrong are the sender's (4xx); whatever else breaks is ours. */
const statuses: Partial<Record<string, number>> = {
  truncated: 422,
  'gzip-corrupt': 422,
  'nifti-invalid': 422,
  'nifti-unsupported': 422,
  'dicom-invalid': 422,
  'dicom-unsupported': 422,
  'series-inconsistent': 422,
  'archive-invalid': 422,
  'non-finite': 422,
  'scan-unsuitable': 422,
  'limit-exceeded': 413,
  'timed-out': 408,
  usage: 400,
  aborted: 503,
};

/** The status, body and headers for whatever was thrown. */
export function errorAnswer(error: unknown): {
  readonly status: number;
  readonly body: ErrorBody;
  readonly headers: Readonly<Record<string, string>>;
} {
  if (error instanceof HttpError) {
    const { status, code, message, headers } = error;
    return { status, body: errorBodyOf({ code, message }), headers };
  }
  const found = errorOf(error);
  return { status: statuses[found.code] ?? 500, body: errorBodyOf(found), headers: {} };
}

/** Code and sentence of whatever was thrown; what nobody foresaw is kept from strangers. */
export function errorOf(error: unknown): ErrorDescription {
  if (error instanceof HttpError) return { code: error.code, message: error.message };
  if (isAbort(error) && !(error instanceof SegcanaryError))
    return { code: 'aborted', message: 'The scan was stopped before it was done; send it again.' };
  const found = describeError(error, 'the server');
  if (found.code === 'internal') return { code: 'internal', message: 'The server failed; its log says how.' };
  return { ...found, message: inWords(found, wordOf) };
}

/** Sentences of a chain of causes at most: what lies deeper says the same again. */
const DEEPEST = 4;

/**
 * Why something broke, in one line for the log of whoever runs the server: the sentences of an
 * error and of what caused it. Without its subject, which is the case's name: logs know scans by
 * their ids.
 */
export function reasonOf(error: unknown): string {
  const sentences: string[] = [];
  let cause = error;
  for (let depth = 0; depth < DEEPEST && cause !== undefined && cause !== null; depth++) {
    const sentence = sentenceOf(cause);
    if (!sentences.some((said) => said.includes(sentence))) sentences.push(sentence);
    cause = (cause as { cause?: unknown }).cause;
  }
  return sentences
    .map((sentence) => sentence.replace(/\.$/, ''))
    .join(', because: ')
    .replace(LINE_ENDS, ' ')
    .slice(0, 2000);
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof SegcanaryError) {
    const { message, subject } = error;
    return subject !== null && message.startsWith(`${subject}: `) ? message.slice(subject.length + 2) : message;
  }
  const isNamed = error.name !== 'Error' && error.name !== '';
  return isNamed ? `${error.name}: ${error.message}` : error.message;
}
