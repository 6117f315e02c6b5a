/**
 * `segcanary serve` under load, and killed under load:
 *
 * - many scans from many clients: no error but 429, every scan answered once, with what `segcanary
 *   score` says of it, and in the store as it was answered;
 * - the same with SIGKILL at seeded moments and a new start over the same data: every scan that was
 *   answered is in the store, none is left queued or running, no file is left;
 * - many connections that say nothing, half a head, or half a scan: scans of others are answered
 *   meanwhile, and all of them are closed in time.
 *
 *     npm run load -- [--scans 1000] [--clients 32] [--kills 20] [--connections 2000] [--seed 0]
 */
import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Random, random } from '../examples/phantom/random.js';
import { type RemoteScore, SegcanaryClient, ServerError, type ServerRecord } from '../src/index.js';
import { TestServer } from '../test/support/server.js';
import { type Lab, mustRun, withLab } from './lab.js';
import { isMain, table } from './program.js';

export interface LoadOptions {
  readonly scans: number;
  readonly clients: number;
  readonly kills: number;
  readonly connections: number;
  readonly seed: number;
}

export interface LoadReport {
  /** Scans that were answered, in all parts. */
  answered: number;
  /** Times that the queue was full. */
  refused: number;
  kills: number;
  /** Scans whose client saw the server die. */
  lost: number;
  /** Records of scans that a kill ended. */
  interrupted: number;
  connections: number;
  /** Seconds of the first part. */
  seconds: number;
  readonly violations: string[];
}

/** A scan's bytes, and what the command line says of it. */
interface Sample {
  readonly bytes: Buffer;
  readonly expected: RemoteScore;
}

export function loadCampaign(options: LoadOptions): Promise<LoadReport> {
  return withLab(async (lab) => {
    const report: LoadReport = {
      answered: 0,
      refused: 0,
      kills: 0,
      lost: 0,
      interrupted: 0,
      connections: 0,
      seconds: 0,
      violations: [],
    };
    const samples = await samplesOf(lab);
    await underLoad(lab, samples, options, report);
    await killed(lab, samples, options, report);
    await crowded(lab, samples, options, report);
    return report;
  });
}

async function samplesOf(lab: Lab): Promise<Sample[]> {
  const paths = [...lab.scans, ...lab.heldOut];
  const lines = (await mustRun(['score', '-d', lab.detector, '-i', ...paths])).toString().trim().split('\n');
  return paths.map((path, i) => ({ bytes: readFileSync(path), expected: JSON.parse(lines[i]) as RemoteScore }));
}

const start = (lab: Lab, data: string, more: readonly string[] = []) =>
  TestServer.start(['-d', lab.detector, '--data', join(lab.folder, data), '--threads', '1', ...more]);

async function underLoad(lab: Lab, samples: readonly Sample[], options: LoadOptions, report: LoadReport) {
  const server = await start(lab, 'load');
  const began = performance.now();
  const answers = new Map<string, RemoteScore>();
  let next = 0;
  const client = async () => {
    while (next < options.scans) {
      const i = next++;
      const score = await sent(server, `scan-${i}`, samples[i % samples.length], report);
      if (answers.has(score.case)) report.violations.push(`${score.case}: answered twice`);
      answers.set(score.case, score);
    }
  };
  const results = await Promise.allSettled(Array.from({ length: options.clients }, client));
  for (const result of results)
    if (result.status === 'rejected') report.violations.push(`under load: ${(result.reason as Error).message}`);
  report.seconds = (performance.now() - began) / 1000;
  const records = await allRecords(server);
  if (answers.size !== options.scans) report.violations.push(`${answers.size} of ${options.scans} scans were answered`);
  if (records.length !== options.scans)
    report.violations.push(`${records.length} records of ${options.scans} scans are in the store`);
  compare('under load', answers, records, samples, report);
  report.answered += answers.size;
  if ((await server.stop()) !== 0) report.violations.push('the server did not end with 0');
}

/** Sends a scan until it is taken. */
async function sent(server: TestServer, name: string, { bytes }: Sample, report: LoadReport): Promise<RemoteScore> {
  const client = new SegcanaryClient({ url: server.url });
  for (;;) {
    try {
      return await client.score(bytes, { case: name });
    } catch (error) {
      if (!(error instanceof ServerError) || error.status !== 429) throw error;
      report.refused++;
      await wait(20);
    }
  }
}

async function allRecords(server: TestServer): Promise<ServerRecord[]> {
  const client = new SegcanaryClient({ url: server.url });
  const records: ServerRecord[] = [];
  let before: string | undefined;
  do {
    const page = await client.scans({ limit: 500, before });
    records.push(...page.scans);
    before = page.next ?? undefined;
  } while (before !== undefined);
  return records;
}

/** Every answer is what the command line says, and is in the store once. */
function compare(
  part: string,
  answers: ReadonlyMap<string, RemoteScore>,
  records: readonly ServerRecord[],
  samples: readonly Sample[],
  report: LoadReport,
): void {
  const stored = new Map(records.map((record) => [record.case, record]));
  if (stored.size !== records.length) report.violations.push(`${part}: a scan has two records`);
  for (const [name, score] of answers) {
    const i = Number(name.split('-')[1]);
    const expected = JSON.stringify({ ...samples[i % samples.length].expected, case: name });
    const record = stored.get(name);
    if (JSON.stringify(score) !== expected)
      report.violations.push(`${part}: ${name} was answered with ${JSON.stringify(score)}`);
    if (record?.status !== 'done' || JSON.stringify(record.result) !== expected)
      report.violations.push(`${part}: ${name} was answered and is ${record?.status ?? 'not'} in the store`);
  }
}

async function killed(lab: Lab, samples: readonly Sample[], options: LoadOptions, report: LoadReport) {
  const draw: Random = random(options.seed);
  const answers = new Map<string, RemoteScore>();
  let next = 0;
  for (let kill = 0; kill < options.kills; kill++) {
    const server = await start(lab, 'killed');
    let isDead = false;
    const client = async () => {
      while (!isDead) {
        const i = next++;
        try {
          const score = await sent(server, `scan-${i}`, samples[i % samples.length], report);
          answers.set(score.case, score);
        } catch (error) {
          if (!(error instanceof ServerError && error.status === 0)) throw error;
          report.lost++;
        }
      }
    };
    const clients = Promise.allSettled(Array.from({ length: options.clients }, client));
    await wait(200 + 1300 * draw());
    await server.stop('SIGKILL');
    isDead = true;
    for (const result of await clients)
      if (result.status === 'rejected') report.violations.push(`kill ${kill}: ${(result.reason as Error).message}`);
    report.kills++;
  }
  const server = await start(lab, 'killed');
  const records = await allRecords(server);
  for (const { case: name, status } of records)
    if (status === 'queued' || status === 'running') report.violations.push(`${name} is ${status} after the kills`);
  report.interrupted += records.filter(({ status }) => status === 'interrupted').length;
  compare('killed', answers, records, samples, report);
  report.answered += answers.size;
  await server.stop();
  const left = readdirSync(join(lab.folder, 'killed'), { recursive: true }).filter(
    (name) => !/^(key|segcanary\.db.*|images)$/.test(String(name)),
  );
  if (left.length > 0) report.violations.push(`the kills left ${left.join(', ')}`);
}

const HALF_A_HEAD = 'POST /v1/scans HTTP/1.1\r\nHost: localhost\r\nContent-';
const HALF_A_SCAN =
  'POST /v1/scans HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/octet-stream\r\nContent-Length: 100000\r\n\r\nabc';

async function crowded(lab: Lab, samples: readonly Sample[], options: LoadOptions, report: LoadReport) {
  if (options.connections === 0) return;
  const server = await start(lab, 'crowded', ['--limits', 'stall=2']);
  const { hostname, port } = new URL(server.url);
  const closed: Promise<void>[] = [];
  const sockets = Array.from({ length: options.connections }, (_, i) => {
    const socket = connect(Number(port), hostname).on('error', () => {});
    closed.push(new Promise((resolve) => socket.once('close', () => resolve())));
    socket.resume();
    if (i % 3 > 0) socket.write(i % 3 === 1 ? HALF_A_HEAD : HALF_A_SCAN);
    return socket;
  });
  const answer = async (when: string) => {
    const score = await sent(server, `scan-${0}`, samples[0], report);
    if (score.score !== samples[0].expected.score) report.violations.push(`${when}: another score`);
    else report.answered++;
  };
  await answer('among the connections');
  if (!(await server.fetch('/healthz')).ok) report.violations.push('/healthz says no among the connections');
  // Half heads have 30 s, and what says nothing at all as long, from when the kernel lets them in:
  // a full backlog makes it ask again for half a minute.
  const all = await Promise.race([Promise.all(closed).then(() => true), wait(100_000, false, { ref: false })]);
  const open = sockets.filter((socket) => !socket.destroyed).length;
  if (!all) report.violations.push(`${open} connections were still open after 100 s`);
  report.connections += options.connections;
  await answer('after the connections');
  for (const socket of sockets) socket.destroy();
  if ((await server.stop()) !== 0) report.violations.push('the server did not end with 0 after the connections');
}

if (isMain(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      scans: { type: 'string', default: '1000' },
      clients: { type: 'string', default: '32' },
      kills: { type: 'string', default: '20' },
      connections: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '0' },
    },
  });
  const { violations, ...counts } = await loadCampaign({
    scans: Number(values.scans),
    clients: Number(values.clients),
    kills: Number(values.kills),
    connections: Number(values.connections),
    seed: Number(values.seed),
  });
  console.log(
    table(
      ['', 'count'],
      Object.entries(counts).map(([name, n]) => [name, Math.round(n)]),
    ),
  );
  console.log(violations.length === 0 ? 'no violation' : violations.join('\n'));
  process.exitCode = violations.length === 0 ? 0 : 1;
}
