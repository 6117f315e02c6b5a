import type { z } from 'zod';
import { type ErrorCode, SegcanaryError } from '../errors.js';

/**
 * Checks a value that came from outside against its schema.
 *
 * @param value what JSON.parse returned
 * @param schema what it has to be
 * @param source name of the file, the first word of the sentence
 * @param code of the error
 * @throws SegcanaryError one sentence that names the file, the path of the first wrong field and
 *   what is wrong with it
 */
export function parseWith<S extends z.ZodType>(
  value: unknown,
  schema: S,
  source: string,
  code: ErrorCode,
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SegcanaryError(code, `${issueSentence(parsed.error.issues)}.`, { subject: source, cause: parsed.error });
}

/**
 * "configurations.3d_fullres.patch_size: Invalid input: expected array, received string (and 2 more
 * fields)".
 */
function issueSentence(issues: readonly z.core.$ZodIssue[]): string {
  const [first] = issues;
  const path = first.path.map(String).join('.');
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return `${path === '' ? 'the top level' : `field ${path}`} is wrong: ${first.message}${more}`;
}

/** Characters of a value that a message quotes. */
const longestQuote = 200;

/**
 * A value out of a file, whatever it is, as a message may quote it: text as it is, anything else as
 * JSON; long ones cut.
 */
export function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : asJson(value);
  return text.length <= longestQuote ? text : `${text.slice(0, longestQuote)}…`;
}

/**
 * JSON.stringify recurses, and JSON.parse does not: what was read may be nested too deeply to be
 * written.
 */
function asJson(value: unknown): string {
  try {
    return JSON.stringify(value) ?? String(value);
  } catch {
    return 'something nested very deeply';
  }
}
