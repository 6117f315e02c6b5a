import { existsSync, fstatSync } from 'node:fs';
import { realpath, rm } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import { SegcanaryError } from '../errors.js';
import { type Alike, alikeIn, type Place, Places, realOrFuture } from '../files/place.js';
import { contentOf, filesOfScan } from '../formats/open.js';
import { areOne, hindranceOf, type Output, OutputPlan, twice } from './output-plan.js';
import { filesOf, type ScanInput } from './scan-input.js';

export type { Output } from './output-plan.js';

/** What a job reads: scans, and other files. */
export interface Reads {
  readonly inputs: readonly Pick<ScanInput, 'file' | 'moreChannels' | 'series'>[];
  /** @default none */
  readonly files?: readonly (string | undefined)[];
}

/** Files that are looked at at a time. */
const AT_A_TIME = 64;

/**
 * The outputs of a job, so that none of them is an input or another one, and what an earlier run
 * left of a case that fails now can go.
 */
export class Outputs {
  readonly #reads: Reads;
  readonly #places = new Places();
  #plan: Promise<OutputPlan> | null = null;
  readonly #ofCase = new Map<string, string[]>();
  readonly #hindered = new Map<string, SegcanaryError>();
  readonly #claimed = new Set<string>();
  readonly #alike = new Map<string, Promise<Alike>>();

  constructor(reads: Reads) {
    this.#reads = reads;
  }

  /**
   * Plans all outputs before anything is read. A name that cannot be written is a failure of its
   * case, and `claim` throws it; what is of all cases has to be writable.
   *
   * @throws SegcanaryError `usage` where an output would overwrite an input, or two are one file;
   *   `io` for an output of all cases that cannot be written
   */
  static async plan(reads: Reads, outputs: Iterable<Output>): Promise<Outputs> {
    const planned = new Outputs(reads);
    await planned.#add([...outputs]);
    return planned;
  }

  /**
   * Says that a case is about to be written to these paths, as far as they are known. Call it
   * before the scan is read.
   *
   * @throws SegcanaryError `usage` where one of them is an input, or goes to another case too; `io`
   *   for a name that cannot be written
   */
  async claim(name: string, outputs: readonly Output[]): Promise<void> {
    if (outputs.length > 0) {
      if (this.#claimed.has(name)) throw twice(outputs[0], outputs[0]);
      this.#claimed.add(name);
      await this.#add(outputs);
    }
    const hindrance = this.#hindered.get(name);
    if (hindrance) throw hindrance;
  }

  /**
   * A case has failed: images that an earlier run wrote of it go, so that none lies beside its
   * error. Nothing is touched that is not an output of this case, nor an image whose header does
   * not say that segcanary made it: it may be somebody's scan.
   */
  async drop(name: string): Promise<void> {
    for (const path of this.#ofCase.get(name) ?? [])
      if ((await contentOf(path)) !== null) await rm(path, { force: true }).catch(() => {});
  }

  #alikeIn(folder: string): Promise<Alike> {
    const known = this.#alike.get(folder) ?? alikeIn(folder);
    this.#alike.set(folder, known);
    return known;
  }

  async #add(outputs: readonly Output[]): Promise<void> {
    this.#plan ??= placesOf(this.#reads, this.#places).then((places) => new OutputPlan(places));
    const plan = await this.#plan;
    for await (const [output, place] of inTurn(outputs, (output) => this.#places.of(output.path))) {
      if (plan.has(output, place)) continue;
      const alike = plan.add(output, place);
      if (alike && areOne(output, alike, await this.#alikeIn(dirname(output.path)))) throw twice(output, alike);
      const hindrance = hindranceOf(output, place);
      if (hindrance && output.case === null) throw hindrance;
      if (output.case === null) continue;
      if (hindrance) this.#hindered.set(output.case, hindrance);
      else this.#ofCase.set(output.case, [...(this.#ofCase.get(output.case) ?? []), output.path]);
    }
  }
}

/** Refuses one output that is an input; for jobs that write one file. */
export async function refuseOverwriting(reads: Reads, output: Output): Promise<void> {
  await Outputs.plan(reads, [output]);
}

/**
 * Refuses a folder that is going to be replaced whole where something that is read lies in it.
 *
 * @param folder that the detector gets
 * @param cache that is written meanwhile, if any
 * @throws SegcanaryError `usage`
 */
export async function refuseReplacing(folder: string, reads: Reads, cache?: string): Promise<void> {
  const real = await realOrFuture(folder);
  const isInside = (path: string) => path === real || path.startsWith(real + sep);
  const refuse = (path: string, what: string) => {
    throw new SegcanaryError(
      'usage',
      `${what} and lies in ${folder}, which the detector replaces whole; name another folder with \`output\`.`,
      { subject: path, option: 'output' },
    );
  };
  if (cache !== undefined && isInside(await realOrFuture(cache))) refuse(cache, 'is the cache');
  for (const { path, entry } of await placesOf(reads, new Places())) {
    const target = await realpath(path).catch(() => entry);
    if (isInside(entry) || isInside(target)) refuse(path, 'is read for the detector');
  }
}

async function placesOf({ inputs, files = [] }: Reads, places: Places): Promise<Place[]> {
  const scans = inputs.flatMap((input) => (input.series ? [] : filesOf(input)));
  const ofSeries = inputs.flatMap(({ series = [] }) => series.flatMap(({ paths }) => paths));
  const found = [...files.flatMap((path) => path ?? []), ...ofSeries.filter((path) => path !== '-')];
  for await (const [path, members] of inTurn(scans, (path) => filesOfScan(path)))
    if (path !== '-') found.push(...members);
  const read: Place[] = scans.includes('-') || ofSeries.includes('-') ? [stdin()] : [];
  for await (const [, place] of inTurn(found, (path) => places.of(path))) read.push(place);
  return read;
}

/** A file that the shell has opened for reading may be one that is written. */
function stdin(): Place {
  const opened = openedByShell(0);
  return { path: 'stdin', entry: 'stdin', file: opened && `${opened.dev}:${opened.ino}`, isFolder: false };
}

/** A file that the shell has opened; null for a terminal, a pipe, and what is closed. */
function openedByShell(descriptor: 0 | 1) {
  try {
    const found = fstatSync(descriptor, { bigint: true });
    return found.isFile() ? found : null;
  } catch {
    return null;
  }
}

/** What is found out of each, in order; several at a time. */
async function* inTurn<T, R>(all: readonly T[], find: (one: T) => Promise<R>): AsyncGenerator<readonly [T, R]> {
  for (let from = 0; from < all.length; from += AT_A_TIME) {
    const some = all.slice(from, from + AT_A_TIME);
    const found = await Promise.all(some.map(find));
    for (const [i, one] of some.entries()) yield [one, found[i]];
  }
}

/** The file of a case that goes to a path; a stream is none. */
export const outputOf = (what: string, name: string, path: unknown, option: Output['option'] = 'output'): Output[] =>
  typeof path === 'string' ? [{ path, what: `${what} of ${name}`, case: name, option }] : [];

/** A file that is of all cases. */
export const outputOfAll = (what: string, path: string): Output => ({ path, what, case: null, option: 'output' });

/** Stdout, where the shell has opened a file for it: that may be one that is read. */
export const outputToStdout = (what: string, option: Output['option']): Output[] =>
  openedByShell(1) && existsSync(STDOUT) ? [{ path: STDOUT, what, case: null, option }] : [];

const STDOUT = '/dev/stdout';
