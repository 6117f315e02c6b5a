import { availableParallelism } from 'node:os';
import type { Device } from './devices.js';

/** How networks are run. It goes as one value from the option of a job to the session. */
export interface InferenceOptions {
  /**
   * Threads that one operator is spread over, at most `mostThreads()`.
   * @default the cores that this process may use
   */
  readonly threads?: number | undefined;
  /** @default 'cpu' */
  readonly device?: Device | undefined;
}

/** What everything that opens a network takes. */
export interface WithInference {
  /** How the network is run. @default all cores */
  readonly inference?: InferenceOptions | undefined;
}

/**
 * Threads that may be asked for. Beyond the cores none of them helps: they spin while they wait for
 * one another, and a patch takes longer with each (with 1000 threads on two cores it took 40 times
 * as long).
 */
export const mostThreads = (): number => Math.max(64, 4 * availableParallelism());
