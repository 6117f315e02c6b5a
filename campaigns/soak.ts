/**
 * Thousands of small scans scored in one process through the public API, masks written, some scans
 * broken and some aborted: does memory grow with their number, and is a handle, a worker, a
 * temporary file or a descriptor left?
 *
 *     npm run soak -- [--scans 2000] [--seed 0]
 */
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { integer, type Random, random } from '../examples/phantom/random.js';
import {
  closeInference,
  isAbort,
  isFailure,
  loadDetector,
  type OpenDetector,
  openDetector,
  type SubjectScore,
  scoreScan,
  scoreScans,
} from '../src/index.js';
import { heldNow, moreThan } from './held.js';
import { withLab } from './lab.js';
import { isMain } from './program.js';
import { slopeOf } from './slope.js';

/**
 * kB a scan that RSS may grow by. One slice of these scans as float32 is 7.7 kB, a forgotten stream
 * with its listeners 3 to 5: whatever is kept of every scan is above. Below it, 100 000 scans (a
 * scan a minute for ten weeks) cost less than 200 MB.
 */
export const BOUND = 2;

/** Scans until the heap, the allocator and the compiler have settled. */
export const WARM_UP = 200;

/** Scans in a block of the slope: a few collections of V8's young generation. */
export const BLOCK = 50;

export interface SoakReport {
  readonly scored: number;
  readonly broken: number;
  readonly aborted: number;
  /** Resident memory of the process after every scan, bytes. */
  readonly rss: readonly number[];
  /** What went wrong or is left, in sentences. */
  readonly violations: readonly string[];
}

export function soak(options: {
  readonly scans: number;
  readonly seed: number;
  readonly onScan?: (n: number) => void;
}): Promise<SoakReport> {
  return withLab(async ({ folder, detector: dir, scans }) => {
    const workers: Worker[] = [];
    const note = (worker: Worker) => workers.push(worker);
    process.on('worker', note);
    const work = { tmp: join(folder, 'soak-tmp'), out: join(folder, 'soak-out') };
    for (const path of Object.values(work)) mkdirSync(path);
    const detector = await openDetector(await loadDetector(dir), { inference: { threads: 1 } });
    const course = new Course(detector, scans, work, random(options.seed));
    // What the first scans open once (the worker, its threads, modules) is there for good.
    for (let i = 0; i < 3; i++) await course.whole();
    await wait(100);
    const before = heldNow();
    const rss: number[] = [];
    for (let i = 0; i < options.scans; i++) {
      await course.next();
      rss.push(process.memoryUsage.rss());
      options.onScan?.(i + 1);
    }
    // Descriptors of streams that were destroyed are closed in the thread pool.
    await wait(500);
    const violations = [...course.violations, ...moreThan(before, heldNow()), ...course.leftovers()];
    await closeInference();
    process.off('worker', note);
    if (workers.length !== 1) violations.push(`${workers.length} workers were started`);
    if (workers.some(({ threadId }) => threadId !== -1)) violations.push('a worker is left');
    return { ...course.counts, rss, violations };
  });
}

/** One scan after another, good or bad as the seed says, each checked. */
class Course {
  readonly counts = { scored: 0, broken: 0, aborted: 0 };
  readonly violations: string[] = [];
  readonly #known = new Map<number, { readonly result: string; readonly mask: Buffer }>();

  constructor(
    readonly detector: OpenDetector,
    readonly scans: readonly string[],
    readonly folders: { readonly tmp: string; readonly out: string },
    readonly random: Random,
  ) {
    for (const [i, scan] of scans.entries())
      writeFileSync(this.#broken(i), readFileSync(scan).subarray(0, 4000 + 900 * i));
  }

  next(): Promise<void> {
    const kind = this.random();
    if (kind < 0.4) return this.whole();
    if (kind < 0.65) return this.streamed();
    if (kind < 0.8) return this.aborted();
    return kind < 0.9 ? this.brokenFile() : this.brokenStream();
  }

  /** A file in, a mask file out, through the job. */
  async whole(): Promise<void> {
    const i = this.#pick();
    const mask = join(this.folders.out, 'mask.nii.gz');
    const inputs = [{ case: `s${i}`, file: this.scans[i] }];
    for await (const result of scoreScans({ ...this.#options(), inputs, mask: () => mask })) {
      if (isFailure(result)) this.violations.push(`a good scan failed: ${result.error.message}`);
      else this.#same(i, result, readFileSync(mask));
    }
    rmSync(mask);
  }

  /** Bytes in, a mask out, both as streams. */
  async streamed(): Promise<void> {
    const i = this.#pick();
    const pieces: Buffer[] = [];
    const mask = new Writable({
      write(bytes, _, done) {
        pieces.push(bytes);
        done();
      },
    });
    const source = createReadStream(this.scans[i], { highWaterMark: 1000 });
    this.#same(i, await scoreScan(source, { ...this.#options(), case: `s${i}`, mask }), Buffer.concat(pieces));
  }

  async aborted(): Promise<void> {
    const i = this.#pick();
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), 60 * this.random());
    const mask = join(this.folders.out, `aborted-${i}.nii.gz`);
    try {
      const { signal } = controller;
      await scoreScan(createReadStream(this.scans[i]), { ...this.#options(), case: `s${i}`, mask, signal });
      this.counts.scored++;
      rmSync(mask);
    } catch (error) {
      if (!isAbort(error)) this.violations.push(`an aborted scan failed otherwise: ${(error as Error).message}`);
      this.counts.aborted++;
    } finally {
      clearTimeout(timer);
    }
  }

  async brokenFile(): Promise<void> {
    const i = this.#pick();
    const inputs = [{ case: `b${i}`, file: this.#broken(i) }];
    const mask = () => join(this.folders.out, 'broken.nii.gz');
    for await (const result of scoreScans({ ...this.#options(), inputs, mask }))
      if (!isFailure(result)) this.violations.push('a truncated scan was scored');
    this.counts.broken++;
  }

  /** A source that fails half-way. */
  async brokenStream(): Promise<void> {
    const bytes = readFileSync(this.scans[this.#pick()]).subarray(0, 5000);
    const source = Readable.from(
      (async function* () {
        yield bytes;
        throw new Error('the line went dead');
      })(),
    );
    await scoreScan(source, this.#options()).then(
      () => this.violations.push('a scan whose source failed was scored'),
      () => {},
    );
    this.counts.broken++;
  }

  leftovers(): string[] {
    const names = Object.values(this.folders).flatMap((folder) =>
      readdirSync(folder).filter((name) => !/^broken-\d$/.test(name) && !this.#tooLate(name)),
    );
    return names.map((name) => `the file ${name} is left`);
  }

  /**
   * The mask of a scan that was aborted when the file had its name already and the score was on its
   * way: whole, or it counts as left.
   */
  #tooLate(name: string): boolean {
    const i = /^aborted-(\d+)\.nii\.gz$/.exec(name)?.[1];
    return (
      i !== undefined && this.#known.get(Number(i))?.mask.equals(readFileSync(join(this.folders.out, name))) === true
    );
  }

  #options() {
    return { detector: this.detector, tmpdir: this.folders.tmp };
  }

  #pick(): number {
    return integer(this.random, 0, this.scans.length - 1);
  }

  #broken(i: number): string {
    return join(this.folders.out, `broken-${i}`);
  }

  /** The thousandth time as the first time. */
  #same(i: number, result: SubjectScore, mask: Buffer): void {
    this.counts.scored++;
    const now = JSON.stringify(result);
    const then = this.#known.get(i);
    if (then === undefined) this.#known.set(i, { result: now, mask });
    else if (then.result !== now || !then.mask.equals(mask))
      this.violations.push(`s${i} was scored otherwise than before`);
  }
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: { scans: { type: 'string', default: '2000' }, seed: { type: 'string', default: '0' } },
  });
  const started = performance.now();
  const onScan = (n: number) => {
    if (n % 100 === 0) process.stderr.write(`\r${n} scans`);
  };
  const report = await soak({ scans: Number(values.scans), seed: Number(values.seed), onScan });
  const { value, low, high, autocorrelation, blocks } = slopeOf(
    report.rss.slice(WARM_UP).map((bytes) => bytes / 1024),
    BLOCK,
  );
  const mb = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MB`;
  console.log(`\n${report.scored} scored, ${report.broken} broken, ${report.aborted} aborted, all in one process`);
  console.log(
    `RSS ${mb(report.rss[0])} after the first, ${mb(report.rss[WARM_UP])} after ${WARM_UP}, ${mb(report.rss.at(-1)!)} at the end`,
  );
  console.log(
    `slope ${value.toFixed(2)} kB a scan, 95 % interval ${low.toFixed(2)} to ${high.toFixed(2)} (${blocks} blocks of ${BLOCK}, autocorrelation ${autocorrelation.toFixed(2)}), bound ${BOUND}`,
  );
  for (const violation of report.violations) console.log(violation);
  console.log(
    `${report.violations.length} violations, seed ${values.seed}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
  );
  if (low > BOUND || report.violations.length > 0) process.exitCode = 1;
}
