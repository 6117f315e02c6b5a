/** A case that ended neither in the right answer nor in a tagged error. */
export class Finding extends Error {}

/** @throws Finding with what was expected, unless it holds */
export function expect(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Finding(what);
}
