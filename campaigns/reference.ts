import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './commands.js';
import { type Inventory, inventory } from './inventory.js';
import { mustRun } from './lab.js';
import { countWrites } from './watch.js';

/**
 * An undisturbed run of a command, and one more over what it left: the moments of kills are drawn
 * from their lengths.
 */
export interface Reference {
  readonly command: Command;
  /** What lay there before. */
  readonly before: Inventory;
  readonly after: Inventory;
  readonly stdout: string;
  /** Over nothing, and over the outputs of a run before. */
  readonly lengths: Readonly<Record<Start, { readonly ms: number; readonly writes: number }>>;
  /** A copy of the folder after the run. */
  readonly kept: string;
}

/** What a run finds: nothing, or the outputs of a run before. */
export type Start = 'fresh' | 'done';

export async function refer(command: Command, folder: string): Promise<Reference> {
  const work = join(folder, `${command.name}-reference`);
  const kept = join(folder, `${command.name}-kept`);
  mkdirSync(work);
  command.prepare(work);
  const before = inventory(work);
  const measured = async () => {
    const writes = countWrites([work, ...command.writes.map((name) => join(work, name))]);
    const started = performance.now();
    const stdout = String(await mustRun(command.args, work));
    return { stdout, ms: performance.now() - started, writes: writes.stop() };
  };
  const fresh = await measured();
  const after = inventory(work);
  cpSync(work, kept, { recursive: true });
  const done = await measured();
  const again = inventory(work);
  const changed = [...after.files].find(([name, digest]) => again.files.get(name) !== digest)?.[0];
  if (changed !== undefined || fresh.stdout !== done.stdout)
    throw new Error(`Two undisturbed runs of ${command.name} differ in ${changed ?? 'stdout'}.`);
  rmSync(work, { recursive: true });
  return { command, before, after, stdout: fresh.stdout, lengths: { fresh, done }, kept };
}
