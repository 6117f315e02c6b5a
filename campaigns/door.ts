/**
 * The door for scanners, `segcanary serve --dicom`, killed while it takes series: senders go on as
 * modalities do, and send again what was not acknowledged. Every series that was acknowledged whole
 * is scored once, with the score of the command line, or reported as failed; nothing else is in the
 * store, and no file is left.
 *
 *     npm run door -- [--series 1000] [--senders 8] [--kills 20] [--seed 0]
 */
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Random, random } from '../examples/phantom/random.js';
import type { FileRange } from '../src/files/file-range.js';
import type { ServerRecord } from '../src/index.js';
import { encodeFileMeta } from '../src/protocol/dimse/part10.js';
import { storeFiles } from '../src/protocol/dimse/store-files.js';
import { CT, ctDataset, EXPLICIT } from '../test/support/dicom-bytes.js';
import { Door } from '../test/support/door.js';
import { type Lab, mustRun, withLab } from './lab.js';
import { isMain, table } from './program.js';

export interface DoorOptions {
  readonly series: number;
  readonly senders: number;
  readonly kills: number;
  readonly seed: number;
}

export interface DoorReport {
  /** Files that were acknowledged, and associations that a kill broke. */
  stored: number;
  broken: number;
  kills: number;
  /** Series by what became of them. */
  scored: number;
  failed: number;
  /** Records of scans that a kill ended, and that were begun again. */
  interrupted: number;
  seconds: number;
  readonly violations: string[];
}

/** Slices of a series, and different images among the series. */
const [SLICES, IMAGES] = [6, 4] as const;
const SIDE = 44;
/** Seconds without a file after which a series is complete: longer than a start of the server. */
const QUIET = 6;

/** The files of a series: its station tells of it in the record. */
function writeSeries(folder: string, index: number): FileRange[] {
  mkdirSync(folder, { recursive: true });
  const series = `2.25.18.7.${index}`;
  return Array.from({ length: SLICES }, (_, z) => {
    const pixels = Int16Array.from({ length: SIDE * SIDE }, (_, i) => {
      const [y, x] = [Math.floor(i / SIDE), i % SIDE];
      return Math.hypot(x / SIDE - 0.5, y / SIDE - 0.5) < 0.42
        ? Math.round(-400 + 350 * Math.sin((x + 3 * (index % IMAGES)) / 5) * Math.cos(y / 7 + z / 3))
        : -1000;
    });
    const sopInstance = `${series}.${z + 1}`;
    const slice = {
      study: '2.25.18.7',
      series,
      sopInstance,
      z,
      rows: SIDE,
      columns: SIDE,
      pixels,
      station: `S${index}`,
    };
    const meta = encodeFileMeta({ sopClass: CT, sopInstance, transferSyntax: EXPLICIT });
    const path = join(folder, `${z}.dcm`);
    writeFileSync(path, Buffer.concat([meta, ctDataset(slice)]));
    return { name: path, path, start: 0, length: statSync(path).size };
  });
}

export function doorCampaign(options: DoorOptions): Promise<DoorReport> {
  return withLab(async (lab) => {
    const report: DoorReport = {
      stored: 0,
      broken: 0,
      kills: 0,
      scored: 0,
      failed: 0,
      interrupted: 0,
      seconds: 0,
      violations: [],
    };
    const began = performance.now();
    const expected = await scoresOf(lab);
    const data = join(lab.folder, 'data');
    const door = await new Door([
      ...['-d', lab.detector, '--data', data, '--threads', '1', '--queue', '64'],
      ...['--allow', 'CAMPAIGN@127.0.0.1', '--quiet-series', String(QUIET)],
    ]).start();
    await sendAll(lab, door, options, report);
    const records = await settled(door, options.series);
    judge(records, expected, options, report);
    if ((await door.stop()) !== 0) report.violations.push('the server did not end with 0');
    const left = readdirSync(data, { recursive: true }).filter((name) => /\.dcm$|receiving\/./.test(String(name)));
    if (left.length > 0) report.violations.push(`${left.length} files are left, as ${left[0]}`);
    report.seconds = (performance.now() - began) / 1000;
    return report;
  });
}

/** What the command line says of each image. */
async function scoresOf(lab: Lab): Promise<number[]> {
  const folders = Array.from({ length: IMAGES }, (_, i) => join(lab.folder, 'expected', String(i)));
  for (const [i, folder] of folders.entries()) writeSeries(folder, i);
  const lines = await mustRun(['score', '-q', '-d', lab.detector, '-i', ...folders, '--threads', '1']);
  return lines
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).score as number);
}

/** Sends all series from several senders while the server is killed and started again. */
async function sendAll(lab: Lab, door: Door, options: DoorOptions, report: DoorReport): Promise<void> {
  let next = 0;
  const peer = { aet: door.aet, host: '127.0.0.1', port: door.dicom };
  const sender = async () => {
    while (next < options.series) {
      const index = next++;
      const files = new Set(writeSeries(join(lab.folder, 'sent', String(index)), index));
      while (files.size > 0) {
        try {
          await storeFiles([...files], {
            peer,
            calling: 'CAMPAIGN',
            onFile: (file, error) => {
              if (error !== null) return;
              files.delete(file);
              report.stored++;
            },
          });
        } catch {
          report.broken++;
          await wait(50);
        }
      }
    }
  };
  const draw: Random = random(options.seed);
  const senders = Promise.all(Array.from({ length: options.senders }, sender));
  let isSent = false;
  void senders.then(() => {
    isSent = true;
  });
  // Kills are spread over the sending, whatever that takes: one each time so many series are begun.
  for (let kill = 1; kill <= options.kills && !isSent; kill++) {
    const due = Math.floor(((kill - draw()) * options.series) / options.kills);
    while (next < due && !isSent) await wait(5);
    await wait(200 * draw());
    await door.stop('SIGKILL');
    report.kills++;
    await door.start();
  }
  await senders;
}

/** All records once every series has one that is final; or when nothing has happened for long. */
async function settled(door: Door, series: number): Promise<ServerRecord[]> {
  let [before, since] = ['', Date.now()];
  for (;;) {
    const records = await door.scans();
    const final = records.filter(({ status }) => status === 'done' || status === 'failed');
    const isRunning = records.some(({ status }) => status === 'queued' || status === 'running');
    const now = records.map(({ status }) => status).join();
    if (now !== before) [before, since] = [now, Date.now()];
    const quiet = Date.now() - since;
    if ((new Set(final.map(({ scanner }) => scanner)).size >= series && !isRunning && quiet > 2000) || quiet > 60_000)
      return records;
    await wait(500);
  }
}

function judge(
  records: readonly ServerRecord[],
  expected: readonly number[],
  options: DoorOptions,
  report: DoorReport,
) {
  const bySeries = new Map<number, ServerRecord[]>();
  for (const record of records) {
    const index = Number(/\bS(\d+)\b/.exec(record.scanner ?? '')?.[1] ?? -1);
    bySeries.set(index, [...(bySeries.get(index) ?? []), record]);
  }
  for (let index = 0; index < options.series; index++) {
    const own = bySeries.get(index) ?? [];
    const done = own.filter(({ status }) => status === 'done');
    const failed = own.filter(({ status }) => status === 'failed');
    report.interrupted += own.filter(({ status }) => status === 'interrupted').length;
    if (done.length === 1 && failed.length === 0) {
      report.scored++;
      const score = done[0].result?.score;
      if (score !== expected[index % IMAGES])
        report.violations.push(
          `series ${index} has the score ${score}, and ${expected[index % IMAGES]} by the command line`,
        );
    } else if (done.length === 0 && failed.length > 0) report.failed++;
    else report.violations.push(`series ${index} was scored ${done.length} times and failed ${failed.length} times`);
  }
  for (const index of bySeries.keys())
    if (index < 0 || index >= options.series)
      report.violations.push(`a record of no series: ${bySeries.get(index)?.[0].scanner}`);
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      series: { type: 'string', default: '1000' },
      senders: { type: 'string', default: '8' },
      kills: { type: 'string', default: '20' },
      seed: { type: 'string', default: '0' },
    },
  });
  const { violations, ...counts } = await doorCampaign({
    series: Number(values.series),
    senders: Number(values.senders),
    kills: Number(values.kills),
    seed: Number(values.seed),
  });
  const rows = Object.entries(counts).map(([name, n]): [string, number] => [name, Math.round(n)]);
  console.log(table(['', 'count'], rows));
  console.log(violations.length === 0 ? 'no violation' : violations.join('\n'));
  process.exitCode = violations.length === 0 ? 0 : 1;
}
