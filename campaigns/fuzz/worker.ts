/** Runs cases of one target on a thread of its own, so that one that hangs can be seen and ended. */
import { parentPort, workerData } from 'node:worker_threads';
import { runCases, type WorkerData } from './run.js';
import { targetsFor } from './targets.js';

const { target: name, seed, from, to, detector, clock } = workerData as WorkerData;
const target = targetsFor(detector).find((t) => t.name === name)!;
parentPort!.postMessage(await runCases(target, { seed, from, to, clock: new Int32Array(clock) }));
