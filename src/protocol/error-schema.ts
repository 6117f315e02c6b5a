import { z } from 'zod';
import type { ErrorDescription } from '../errors.js';

/** The form of every answer that is an error, for its reader and for the OpenAPI document. */
export const errorBody = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    subject: z.string().nullish().describe('What the message begins with: the scan’s case'),
    option: z.string().optional().describe('A parameter that would help; the message quotes it'),
  } satisfies Record<keyof ErrorDescription, z.ZodType>),
});
