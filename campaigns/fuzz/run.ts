import { Worker } from 'node:worker_threads';
import { SegcanaryError } from '../../src/errors.js';
import { Random } from '../random.js';
import { type Target, Wrong } from './target.js';

/** What became of some cases. */
export interface Tally {
  readonly cases: number;
  readonly right: number;
  /** Refusals by code. */
  readonly refused: Readonly<Record<string, number>>;
  /** The slowest case, ms. */
  readonly slowest: number;
  readonly findings: readonly Finding[];
}

export interface Finding {
  readonly target: string;
  readonly case: number;
  readonly what: string;
}

export interface Cases {
  readonly seed: number;
  readonly from: number;
  readonly to: number;
}

export interface WorkerData extends Cases {
  readonly target: string;
  readonly detector: string;
  /** Two words that a watcher reads: the case at work, counted from 1, and 0 when all are done. */
  readonly clock: SharedArrayBuffer;
}

/** Findings of one target that are told; a hundred of a kind say no more. */
const MOST = 20;

/** Runs cases one after another and judges each ending. */
export async function runCases(
  target: Target,
  { seed, from, to, clock }: Cases & { clock?: Int32Array },
): Promise<Tally> {
  const refused: Record<string, number> = {};
  const findings: Finding[] = [];
  let [right, slowest] = [0, 0];
  for (let i = from; i < to; i++) {
    if (clock) Atomics.store(clock, 0, i + 1);
    const found = (what: string) => {
      if (findings.length < MOST) findings.push({ target: target.name, case: i, what });
    };
    const started = performance.now();
    try {
      await target.run(new Random(seed, target.name, i));
      right++;
    } catch (error) {
      if (error instanceof SegcanaryError) {
        refused[error.code] = (refused[error.code] ?? 0) + 1;
        const wrong = unfit(error.message);
        if (wrong) found(`${wrong}: ${error.message.slice(0, 300)}`);
      } else found(error instanceof Wrong ? error.message : shortened(error));
    }
    const ms = performance.now() - started;
    slowest = Math.max(slowest, ms);
    if (ms > target.limit) found(`took ${ms.toFixed(0)} ms, and ${target.limit} are allowed`);
  }
  if (clock) Atomics.store(clock, 0, 0);
  return { cases: to - from, right, refused, slowest, findings };
}

/** What was thrown, and the first places of our own that it came through. */
function shortened(error: unknown): string {
  const [first, ...frames] = ((error as Error)?.stack ?? String(error)).split('\n');
  const own = frames.filter((frame) => /\/src\/|\/campaigns\//.test(frame)).slice(0, 3);
  return [first, ...own.map((frame) => frame.trim().replace(/\(.*?\/(src|campaigns)\//, '($1/'))].join(' ');
}

/** What is wrong with a message for people; null for a sentence. */
export function unfit(message: string): string | null {
  if (/[\r\n]/.test(message)) return 'a message of several lines';
  if (!/[.!]$|…$/.test(message.trim())) return 'a message that is no sentence';
  return message.length > 5010 ? 'a message that nobody reads to its end' : null;
}

/** Runs cases on a thread and watches them: one that stands still beyond its limit is a finding, and the thread is ended. */
export async function runOnThread(target: Target, cases: Cases, detector: string): Promise<Tally> {
  const clock = new SharedArrayBuffer(8);
  const workerData: WorkerData = { ...cases, target: target.name, detector, clock };
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), {
    workerData,
    execArgv: [],
    // A case that needs more is one that a small server would die of.
    resourceLimits: { maxOldGenerationSizeMb: 768 },
  });
  const words = new Int32Array(clock);
  let [last, since] = [0, performance.now()];
  let stuck: number | null = null;
  const watch = setInterval(() => {
    const now = Atomics.load(words, 0);
    if (now !== last) [last, since] = [now, performance.now()];
    else if (now > 0 && performance.now() - since > 3 * target.limit + 5000) {
      stuck = now - 1;
      void worker.terminate();
    }
  }, 250);
  try {
    return await new Promise<Tally>((resolve) => {
      const lost = (what: string) => {
        const at = stuck ?? Math.max(0, Atomics.load(words, 0) - 1);
        resolve({
          cases: at + 1 - cases.from,
          right: 0,
          refused: {},
          slowest: 0,
          findings: [{ target: target.name, case: at, what }],
        });
      };
      worker.once('message', resolve);
      worker.once('error', (error) => lost(`ended the thread: ${error.message}`));
      worker.once('exit', () => lost(stuck === null ? 'ended the thread' : 'did not end'));
    });
  } finally {
    clearInterval(watch);
    await worker.terminate();
  }
}
