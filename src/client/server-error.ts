import { type ErrorDescription, type OptionName, oneLine } from '../errors.js';

export interface ServerErrorOptions extends ErrorOptions {
  readonly retryAfter?: number | null;
}

/** What a server refuses, in its own sentence; status 0 where there was no server. */
export class ServerError extends Error {
  readonly status: number;
  /** As docs/server.md lists them, or `unreachable`, or `answer-invalid`. */
  readonly code: string;
  /** When to come again, seconds, where the server says so. */
  readonly retryAfter: number | null;
  /** What the message begins with, where the server says so: the scan's case. */
  readonly subject: string | null;
  /** A parameter that would help; the message quotes it in backticks. */
  readonly option: OptionName | null;

  constructor(status: number, { code, message, subject, option }: ErrorDescription, options: ServerErrorOptions = {}) {
    super(oneLine(message), options);
    this.name = 'ServerError';
    this.status = status;
    this.code = code;
    this.retryAfter = options.retryAfter ?? null;
    this.subject = subject ?? null;
    this.option = option ?? null;
  }
}
