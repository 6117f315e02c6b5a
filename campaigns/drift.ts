/**
 * What the drift test does on streams whose truth is known: how often it raises an alarm where
 * nothing has changed, beside the version that ranks scores among the calibration scores alone, and
 * how many scans it takes to notice a shift. What is found is in docs/drift.md.
 *
 *     npm run drift -- [--part alarms|delays] [--streams 10000] [--looks 2000]
 *       [--calibration 19,40,100] [--shifts .5,1,2] [--after 0,100,1000]
 */
import { parseArgs } from 'node:util';
import { drawsOf } from '../src/drift/draws.js';
import { TestMartingale } from '../src/drift/martingale.js';
import { DriftStream } from '../src/drift/stream.js';
import { wilsonInterval } from '../src/evaluate/proportions.js';
import { isMain, table } from './program.js';

const LEVEL = 0.01;

export interface AlarmOptions {
  readonly streams: number;
  /** Scans of each stream. */
  readonly looks: number;
  /** Calibration scores. */
  readonly calibration: number;
}

export interface DelayOptions extends AlarmOptions {
  /** In standard deviations. */
  readonly shift: number;
  /** Scans before the shift; `looks` come after it. */
  readonly after: number;
}

/** Streams that raised an alarm although nothing had changed. */
export interface Alarms {
  readonly ours: number;
  /**
   * The same for the same streams and the same martingale, with p-values among the calibration
   * scores alone.
   */
  readonly naive: number;
}

export function falseAlarms({ streams, looks, calibration }: AlarmOptions): Alarms {
  let [ours, naive] = [0, 0];
  for (let s = 0; s < streams; s++) {
    const name = `alarms ${calibration} ${s}`;
    const next = normals(name);
    const reference = Array.from({ length: calibration }, next);
    const scores = Array.from({ length: looks }, next);
    if (firstAlarm(new DriftStream({ calibration: reference, name, level: LEVEL, keep: 0 }), scores) !== null) ours++;
    if (naiveAlarm(reference, scores, name)) naive++;
  }
  return { ours, naive };
}

/**
 * Scans until the alarm, counted from the first that is shifted, of each stream that had raised
 * none before: infinite where there was none in `looks` scans.
 */
export function delays({ streams, looks, calibration, shift, after }: DelayOptions): number[] {
  const found: number[] = [];
  for (let s = 0; s < streams; s++) {
    const name = `delays ${calibration} ${shift} ${after} ${s}`;
    const next = normals(name);
    const reference = Array.from({ length: calibration }, next);
    const scores = Array.from({ length: after + looks }, (_, t) => next() + (t < after ? 0 : shift));
    const alarm = firstAlarm(new DriftStream({ calibration: reference, name, level: LEVEL, keep: 0 }), scores);
    if (alarm === null) found.push(Number.POSITIVE_INFINITY);
    else if (alarm > after) found.push(alarm - after);
  }
  return found;
}

/** The scans until the alarm, the one that raised it included. */
function firstAlarm(stream: DriftStream, scores: readonly number[]): number | null {
  for (const [t, score] of scores.entries()) {
    stream.add({ id: `${t}`, at: '', score });
    if (stream.state.alarm) return t + 1;
  }
  return null;
}

function naiveAlarm(reference: readonly number[], scores: readonly number[], name: string): boolean {
  const martingale = new TestMartingale();
  const draw = drawsOf(`naive ${name}`);
  for (const score of scores) {
    const above = reference.reduce((count, r) => count + (r > score ? 1 : 0), 0);
    martingale.step((above + draw()) / (reference.length + 1));
    if (martingale.log >= -Math.log(LEVEL)) return true;
  }
  return false;
}

/** Standard normal numbers, seeded (Box and Muller 1958). */
function normals(name: string): () => number {
  // Not of the Dice of the other campaigns: their first numbers show the seed, and here every
  // stream begins with its calibration scores.
  const draw = drawsOf(`scores ${name}`);
  return () => Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw());
}

/** The value that a part q of all are at or below. */
export function quantile(values: readonly number[], q: number): number {
  return [...values].sort((a, b) => a - b)[Math.ceil(q * values.length) - 1] ?? Number.NaN;
}

const percent = (part: number) => `${(100 * part).toFixed(2)} %`;

function rate(count: number, n: number): string {
  const { low, high } = wilsonInterval(count, n)!;
  return `${percent(count / n)} (${percent(low)} to ${percent(high)})`;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      part: { type: 'string' },
      streams: { type: 'string' },
      looks: { type: 'string', default: '2000' },
      calibration: { type: 'string', default: '19,40,100' },
      shifts: { type: 'string', default: '.5,1,2' },
      after: { type: 'string', default: '0,100,1000' },
    },
  });
  const list = (text: string) => text.split(',').map(Number);
  const looks = Number(values.looks);
  const sizes = list(values.calibration);
  if (values.part !== 'delays') {
    const streams = Number(values.streams ?? 10_000);
    console.log(
      `Alarms at level ${LEVEL} in ${streams} streams of ${looks} scans without a shift, 95 % Wilson intervals\n`,
    );
    const rows = sizes.map((calibration) => {
      const { ours, naive } = falseAlarms({ streams, looks, calibration });
      if (ours > LEVEL * streams) process.exitCode = 1;
      return [calibration, rate(ours, streams), rate(naive, streams)];
    });
    console.log(table(['calibration scans', 'ours', 'ranked among the calibration scans alone'], rows));
  }
  if (values.part !== 'alarms') {
    const streams = Number(values.streams ?? 1000);
    console.log(`\nScans until the alarm after a shift, within ${looks}, in ${streams} streams each\n`);
    const rows: (string | number)[][] = [];
    for (const calibration of sizes)
      for (const after of list(values.after))
        for (const shift of list(values.shifts)) {
          const found = delays({ streams, looks, calibration, shift, after });
          const at = (q: number) => {
            const value = quantile(found, q);
            return Number.isFinite(value) ? value : 'never';
          };
          const noticed = found.filter(Number.isFinite).length / found.length;
          rows.push([calibration, after, shift, `${(100 * noticed).toFixed(1)} %`, at(0.1), at(0.5), at(0.9)]);
        }
    console.log(table(['calibration scans', 'quiet before', 'shift (SD)', 'noticed', '10 %', 'median', '90 %'], rows));
  }
}

if (isMain(import.meta.url)) main();
