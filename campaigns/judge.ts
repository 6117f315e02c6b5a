import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Inventory, inventory } from './inventory.js';
import type { Reference } from './reference.js';

/**
 * What is wrong with the outputs of a command that was killed: every final name holds what it held
 * before, or what the undisturbed run wrote.
 */
export function wrongAfterKill(
  found: Inventory,
  { before, after, command: { atomicFolder } }: Reference,
  damaged: ReadonlyMap<string, string>,
): string[] {
  const wrong: string[] = [];
  for (const [name, digest] of found.files) {
    if (![before.files.get(name), after.files.get(name), damaged.get(name)].includes(digest))
      wrong.push(`${name} is not whole`);
  }
  if (atomicFolder !== undefined) {
    const inside = (names: Iterable<string>) => [...names].filter((name) => name.startsWith(`${atomicFolder}/`));
    const there = inside(found.files.keys()).length;
    if (there > 0 && there < inside(after.files.keys()).length) wrong.push(`${atomicFolder} is not whole`);
  }
  return wrong;
}

/**
 * What is wrong with the outputs of a run that came to its end: they are those of the undisturbed
 * run, and nothing else is left.
 */
export function wrongAtEnd(found: Inventory, { after }: Reference): string[] {
  const wrong = found.leftovers.map((name) => `${name} is left`);
  for (const [name, digest] of found.files) {
    if (after.files.get(name) !== digest) wrong.push(`${name} differs from the undisturbed run's`);
  }
  for (const name of after.files.keys()) if (!found.files.has(name)) wrong.push(`${name} is missing`);
  return wrong;
}

/**
 * Temporary files that still have a name. A file is unlinked in the statement after the one that
 * makes it, so that a kill between the two leaves an empty one, and nothing ever leaves one with a
 * byte of a scan in it.
 */
export function namedTemporaries(folder: string): { readonly empty: number; readonly wrong: string[] } {
  const names = readdirSync(folder);
  const full = names.filter((name) => statSync(join(folder, name)).size > 0);
  return { empty: names.length - full.length, wrong: full.map((name) => `the temporary file ${name} holds something`) };
}

/** Inventory of everything but the folder for temporary files. */
export function outputsOf(work: string): Inventory {
  const { files, leftovers } = inventory(work);
  return { files: new Map([...files].filter(([name]) => !name.startsWith('tmp/'))), leftovers };
}
