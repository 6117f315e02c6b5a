/** What a server refuses, in its own sentence; status 0 where there was no server. */
export class ServerError extends Error {
  readonly status: number;
  /** As docs/server.md lists them, or `unreachable`. */
  readonly code: string;
  /** When to come again, seconds, where the server says so. */
  readonly retryAfter: number | null;

  constructor(status: number, code: string, message: string, retryAfter: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ServerError';
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}
