import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomically } from '../../files/atomic.js';

const notesSchema = z.record(z.string(), z.object({ id: z.string(), isDone: z.boolean() }));

/** The record of a case of a job, and whether it has ended. */
export type JobNote = Readonly<z.infer<typeof notesSchema>[string]>;

/**
 * What is known of the scans of a complete series, beside its files: which record each has. So that
 * after a crash what was scored is not scored again, and what was not is.
 */
export class JobNotes {
  readonly #path: string;
  readonly #notes: Record<string, JobNote>;

  private constructor(path: string, notes: Record<string, JobNote>) {
    this.#path = path;
    this.#notes = notes;
  }

  /** @param folder of the job */
  static async open(folder: string): Promise<JobNotes> {
    // Hidden, and so no file of the series.
    const path = join(folder, '.records.json');
    const text = await readFile(path, 'utf8').catch(() => '{}');
    try {
      return new JobNotes(path, notesSchema.parse(JSON.parse(text)));
    } catch {
      return new JobNotes(path, {});
    }
  }

  of(name: string): JobNote | null {
    return Object.hasOwn(this.#notes, name) ? this.#notes[name] : null;
  }

  /** @throws SegcanaryError `io` */
  async write(name: string, note: JobNote): Promise<void> {
    this.#notes[name] = note;
    await writeFileAtomically(this.#path, JSON.stringify(this.#notes));
  }
}
