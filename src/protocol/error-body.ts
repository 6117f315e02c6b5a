import type { ErrorDescription } from '../errors.js';

/** What every answer that is an error holds, and the `result` behind images that were begun. */
export interface ErrorBody {
  readonly error: ErrorDescription;
}

export const errorBodyOf = (error: ErrorDescription): ErrorBody => ({ error });

/**
 * What a body says went wrong.
 *
 * @throws Error for a text that is no error of a segcanary server
 */
export function readErrorBody(text: string): ErrorDescription {
  const { error } = JSON.parse(text) as ErrorBody;
  if (typeof error.message !== 'string') throw new Error('no sentence');
  return error;
}

/** Whether an answer holds an error in the place of what was asked for. */
export const isErrorBody = (value: object): value is ErrorBody => 'error' in value;
