import type { z } from 'zod';
import { type ErrorCode, SegcanaryError } from '../errors.js';

/**
 * Checks a value that came from outside against its schema.
 *
 * @param value what JSON.parse returned
 * @param schema what it has to be
 * @param source name of the file, the first word of the sentence
 * @param code of the error
 * @throws SegcanaryError one sentence that names the file, the path of the first wrong field and what is wrong with it
 */
export function parseWith<S extends z.ZodType>(
  value: unknown,
  schema: S,
  source: string,
  code: ErrorCode,
): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SegcanaryError(code, `${source}: ${issueSentence(parsed.error.issues)}.`, { cause: parsed.error });
}

/** "configurations.3d_fullres.patch_size: Invalid input: expected array, received string (and 2 more fields)". */
function issueSentence(issues: readonly z.core.$ZodIssue[]): string {
  const [first] = issues;
  const path = first!.path.map(String).join('.');
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return `${path === '' ? 'the top level' : `field ${path}`} is wrong: ${first!.message}${more}`;
}
