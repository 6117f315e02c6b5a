import { setTimeout as sleep } from 'node:timers/promises';
import { isAbort, type SegcanaryError } from '../../errors.js';
import type { Clock } from '../clock.js';
import type { ServiceLog } from '../service.js';
import { newState, OutboxFolder, type OutboxState } from './outbox-folder.js';
import type { SendTarget } from './send-to.js';

interface Entry {
  readonly id: string;
  state: OutboxState;
  /** By the clock that is never set, in milliseconds. */
  due: number;
  /** Until when it is tried, by the same clock: one that is set a week ahead makes nothing fail. */
  readonly until: number;
  /** It was tried for as long as it should be, and is tried again after the next start. */
  hasFailed: boolean;
}

/** What waits to be sent, for operators. */
export interface OutboxStatus {
  readonly to: string;
  /** Scans whose objects wait. */
  readonly waiting: number;
  /** Scans whose objects were not taken for as long as they were tried. */
  readonly failed: number;
  /** Objects that were sent since the server started. */
  readonly sent: number;
  /** Since when the oldest waits: ISO 8601, UTC; null where none does. */
  readonly oldest: string | null;
  /** What went wrong last; null where nothing did since the last success. */
  readonly error: string | null;
}

export interface OutboxOptions {
  readonly target: SendTarget;
  /** Days for which sending is tried. */
  readonly days: number;
  readonly clock: Clock;
  readonly log?: ServiceLog | undefined;
}

const DAY = 86_400_000;
/** Milliseconds between attempts: the first, doubled with each, and at most. */
const [FIRST_WAIT, LONGEST_WAIT] = [1000, 900_000];

/**
 * Results that are to be sent: a folder a scan, there whole or not at all, and gone when the peer
 * has every object of it. It outlives the process.
 */
export class Outbox {
  readonly #folder: OutboxFolder;
  readonly #options: OutboxOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #stopping = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | null = null;
  #sent = 0;
  #error: string | null = null;
  /** Attempts in a row at which the peer was not there, and when it is asked again. */
  #absences = 0;
  #peerDue = Number.NEGATIVE_INFINITY;

  private constructor(folder: OutboxFolder, options: OutboxOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  /**
   * Takes up what a process before left: what was not released is sent where the record of its scan
   * is done, and goes where the scan is going to be scored again.
   *
   * @throws SegcanaryError `io`
   */
  static async open(data: string, options: OutboxOptions, isDone: (id: string) => boolean): Promise<Outbox> {
    const folder = await OutboxFolder.open(data);
    const outbox = new Outbox(folder, options);
    for (const id of await folder.ids()) {
      const state = (await folder.read(id)) ?? newState(options.clock.now());
      if (!state.released && !isDone(id)) await folder.remove(id);
      else outbox.#add(id, { ...state, released: true }, Number.NEGATIVE_INFINITY);
    }
    return outbox;
  }

  get status(): OutboxStatus {
    const released = [...this.#entries.values()].filter(({ state }) => state.released);
    const waiting = released.filter(({ hasFailed }) => !hasFailed);
    const oldest = Math.min(...waiting.map(({ state }) => state.since));
    return {
      to: this.#options.target.name,
      waiting: waiting.length,
      failed: released.length - waiting.length,
      sent: this.#sent,
      oldest: waiting.length === 0 ? null : new Date(oldest).toISOString(),
      error: this.#error,
    };
  }

  /** An empty folder for the objects of a scan; nothing is sent of it yet. */
  stage(id: string): Promise<string> {
    return this.#folder.stage(id);
  }

  /**
   * Puts what was staged into the outbox, before the record of the scan says that it is done: one
   * of the two is there after a crash. It waits for `release`.
   *
   * @throws SegcanaryError `io`
   */
  async enqueue(id: string): Promise<void> {
    const state = newState(this.#options.clock.now());
    await this.#folder.enqueue(id, state);
    this.#add(id, state, Number.POSITIVE_INFINITY);
  }

  /** The scan is done: its objects are sent. */
  async release(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.state = { ...entry.state, released: true };
    entry.due = Number.NEGATIVE_INFINITY;
    await this.#writeState(entry);
    this.#wake.abort();
  }

  /** The scan failed after all, or is forgotten: what was staged or waits of it goes, unsent. */
  async drop(id: string): Promise<void> {
    this.#entries.delete(id);
    if (this.#entries.size === 0) this.#error = null;
    await this.#folder.remove(id);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Breaks off what is being sent: it is sent again after the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#running;
  }

  #add(id: string, state: OutboxState, due: number): void {
    const { clock, days } = this.#options;
    const age = Math.max(0, clock.now() - state.since);
    this.#entries.set(id, { id, state, due, until: clock.elapsed() + days * DAY - age, hasFailed: false });
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController();
      const entry = this.#next();
      const due = entry ? Math.max(entry.due, this.#peerDue) : Number.POSITIVE_INFINITY;
      const left = due - this.#options.clock.elapsed();
      if (entry && left <= 0) await this.#try(entry);
      else await sleep(Math.min(left, 60_000), null, { signal: this.#wake.signal }).catch(() => {});
    }
  }

  /** The one that is due first, of those that are due at once the oldest. */
  #next(): Entry | null {
    let next: Entry | null = null;
    for (const entry of this.#entries.values()) {
      if (entry.hasFailed || !entry.state.released) continue;
      if (next === null || entry.due < next.due || (entry.due === next.due && entry.id < next.id)) next = entry;
    }
    return next;
  }

  async #try(entry: Entry): Promise<void> {
    const { target, clock } = this.#options;
    const { signal } = this.#stopping;
    let refusal: SegcanaryError | null = null;
    let absence: Error | null = null;
    const isDropped = () => !this.#entries.has(entry.id);
    try {
      const files = await this.#folder.files(entry.id, entry.state);
      let left = files.length;
      await target.send(
        files,
        async ({ name }, error) => {
          refusal ??= error;
          if (error) return;
          this.#sent++;
          if (isDropped()) return;
          entry.state = { ...entry.state, sent: [...entry.state.sent, name] };
          // What the peer has is not sent again because another object of the scan was refused.
          if (--left > 0) await this.#writeState(entry);
        },
        signal,
      );
      this.#absences = 0;
    } catch (error) {
      if (isAbort(error) || signal.aborted || isDropped()) return;
      absence = error as Error;
      this.#absences++;
      this.#peerDue = clock.elapsed() + wait(this.#absences);
    }
    if (isDropped()) return;
    const error = absence ?? refusal;
    if (error === null) {
      this.#error = null;
      await this.#sentAll(entry);
    } else await this.#failed(entry, error, absence !== null);
  }

  async #sentAll(entry: Entry): Promise<void> {
    await this.#folder.remove(entry.id);
    this.#entries.delete(entry.id);
    this.#options.log?.info(`The results of ${entry.id} were sent to ${this.#options.target.name}.`);
  }

  async #failed(entry: Entry, error: Error, isAbsence: boolean): Promise<void> {
    const { clock, log, days } = this.#options;
    const attempts = entry.state.attempts + 1;
    if (this.#error !== error.message || !isAbsence)
      log?.warn(`The results of ${entry.id} wait to be sent: ${error.message}`);
    this.#error = error.message;
    entry.state = { ...entry.state, attempts, error: error.message };
    entry.due = clock.elapsed() + (isAbsence ? 0 : wait(attempts));
    await this.#writeState(entry);
    // Where the peer is not there, none of the others would come through either.
    for (const one of isAbsence ? this.#entries.values() : [entry]) {
      if (!one.state.released || one.hasFailed || clock.elapsed() < one.until) continue;
      one.hasFailed = true;
      log?.warn(
        `The results of ${one.id} could not be sent for ${days} days and are tried again when the server starts: ${error.message}`,
      );
    }
  }

  /** A disk that is full is no reason to send nothing: what is lost is what was sent of it. */
  async #writeState({ id, state }: Entry): Promise<void> {
    await this.#folder
      .write(id, state)
      .catch((error: Error) => this.#options.log?.warn(`The outbox cannot be written: ${error.message}`));
  }
}

/** Doubled with every attempt, and less by chance, so that many do not come at the same time. */
const wait = (attempts: number): number =>
  Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(attempts - 1, 20)) * (0.5 + Math.random() / 2);
