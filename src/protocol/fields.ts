import { z } from 'zod';

/** Words that a site may tag its scans with: they end up in metrics and addresses. */
export const tag = z
  .string()
  .regex(/^[A-Za-z0-9 ._-]{1,64}$/, 'expected up to 64 letters, digits, spaces, dots, dashes and underscores');

export const verdict = z.enum(['in-distribution', 'out-of-distribution', 'uncalibrated']);

export const warning = z.object({ code: z.string(), message: z.string() });

export const health = z.object({
  status: z.enum(['ok', 'draining', 'broken']),
  reason: z.string().optional().describe('Why no scan is taken, where the store is broken'),
});
