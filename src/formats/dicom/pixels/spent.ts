import { MessageChannel } from 'node:worker_threads';

/** A port that nobody listens to any more. What is transferred to it is freed at once. */
const nowhere = new MessageChannel().port1;
nowhere.close();

/**
 * Frees a buffer that nobody needs any more: slices make so little other garbage that the collector
 * would let tens of megabytes of spent ones pile up before it looked.
 */
export const freeNow = ({ buffer }: Uint8Array<ArrayBuffer>): void => nowhere.postMessage(null, [buffer]);
