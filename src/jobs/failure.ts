import { SegcanaryError } from '../errors.js';

/** What stands in the place of a result when a scan fails. */
export interface ScanFailure {
  readonly case: string;
  readonly error: { readonly code: string; readonly message: string };
}

/**
 * Turns whatever was thrown into one sentence with a code. Errors that nobody foresaw keep their
 * message under the code `internal`.
 */
export function failureOf(name: string, error: unknown): ScanFailure {
  if (error instanceof SegcanaryError) return { case: name, error: { code: error.code, message: error.message } };
  const { code, message } = error as NodeJS.ErrnoException;
  const isSystemError = typeof code === 'string' && /^E[A-Z0-9]+$/.test(code);
  return {
    case: name,
    error: { code: isSystemError ? 'io' : 'internal', message: `${name}: ${message ?? String(error)}` },
  };
}

export function isFailure(result: object): result is ScanFailure {
  return 'error' in result;
}
