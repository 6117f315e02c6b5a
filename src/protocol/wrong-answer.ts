import type { z } from 'zod';

/** An answer that does not fit what was asked for, or that contradicts itself. */
export class WrongAnswer extends Error {
  /** @param what is wrong with it, to follow "its answer is wrong:" */
  constructor(what: string) {
    super(what);
    this.name = 'WrongAnswer';
  }
}

/**
 * Holds an answer against the schema that the server checks it by. What is more than the schema
 * asks for stays, so that a later server is understood.
 *
 * @returns the answer itself
 * @throws WrongAnswer
 */
export function fitting<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const { success, error } = schema.safeParse(value);
  if (success) return value as z.output<Schema>;
  const [issue] = error.issues;
  throw new WrongAnswer(`${issue?.path.map(String).join('.') || 'all of it'}: ${issue?.message}`);
}

/** @throws WrongAnswer unless this holds */
export function holding(is: boolean, what: string): void {
  if (!is) throw new WrongAnswer(what);
}
