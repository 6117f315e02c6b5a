import type { ErrorDescription, OptionName } from '../errors.js';
import { errorBody } from './error-schema.js';
import { parseJson } from './parse.js';
import { fitting, holding } from './wrong-answer.js';

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
export const readErrorBody = (text: string): ErrorDescription => readError(parseJson(text));

/** @throws WrongAnswer for what is no error of a segcanary server */
export function readError(value: unknown): ErrorDescription {
  const { code, message, subject, option } = fitting(errorBody, value).error;
  holding(code !== '' && message !== '', 'error: it says nothing');
  // An option that the sentence does not quote helps nobody.
  const helps = option !== undefined && message.includes(`\`${option}\``);
  return { code, message, ...(subject !== undefined && { subject }), ...(helps && { option: option as OptionName }) };
}

/** Whether an answer holds an error in the place of what was asked for. */
export const isErrorBody = (value: unknown): boolean => typeof value === 'object' && value !== null && 'error' in value;
