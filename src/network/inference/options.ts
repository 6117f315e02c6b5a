import type { Device } from './devices.js';
/** How networks are run. It goes as one value from the option of a job to the session. */
export interface InferenceOptions {
  /** Threads that one operator is spread over. @default the cores that this process may use */
  readonly threads?: number | undefined;
  /** @default 'cpu' */
  readonly device?: Device | undefined;
}

/** What everything that opens a network takes. */
export interface WithInference {
  /** How the network is run. @default all cores */
  readonly inference?: InferenceOptions | undefined;
}
