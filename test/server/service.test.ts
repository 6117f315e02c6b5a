import { readdirSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { SubjectScore } from '../../src/results.js';
import { type Clock, systemClock } from '../../src/server/clock.js';
import { DriftMonitor } from '../../src/server/drift.js';
import { ImageFolder } from '../../src/server/images.js';
import type { Judge, ScanRequest } from '../../src/server/judge.js';
import { Metrics } from '../../src/server/metrics.js';
import { ScanQueue } from '../../src/server/queue.js';
import { openServed, type ServedDetector } from '../../src/server/served.js';
import { ScanService } from '../../src/server/service.js';
import { openStore } from '../../src/server/sql-store.js';
import type { Retention } from '../../src/server/store.js';
import { finishedScan, newScan } from '../support/records.js';

let served: ServedDetector;
beforeAll(async () => {
  const detectors = await openServed({ detectors: [`chest=${join(inject('workshop'), 'detector')}`] });
  served = detectors.get('chest')!;
});

const closers: (() => unknown)[] = [];
afterAll(() => Promise.all(closers.map((close) => close())));

/** A service whose judge counts the bytes of a scan, and has no network. */
async function serviceOf(
  room = 1,
  {
    retention = {},
    clock = systemClock,
    keepFlagged = false,
  }: { retention?: Retention; clock?: Clock; keepFlagged?: boolean } = {},
) {
  const judge: Judge = {
    async judge({ case: name }, open, { onProgress, signal }) {
      let score = 0;
      for await (const piece of (await open()) as AsyncIterable<Uint8Array>) {
        signal.throwIfAborted();
        score += piece.length;
        onProgress({ patches: score, total: 6 });
      }
      const result: SubjectScore = {
        case: name,
        score,
        uncertainty: null,
        boundary: 100,
        verdict: score > 100 ? 'out-of-distribution' : 'in-distribution',
        pValue: 1,
        patches: 6,
        worstPatch: null,
        warnings: [],
        detector: served.detector.id,
      };
      return { result, explanation: null };
    },
  };
  const store = openStore(null, clock.now);
  const folder = await mkdtemp(join(tmpdir(), 'segcanary-test-'));
  const images = await ImageFolder.open(folder);
  closers.push(
    () => store.close(),
    () => images.close(true),
  );
  const places = new ScanQueue(1, room);
  const metrics = new Metrics([served], places);
  const drift = new DriftMonitor([served], { store, metrics, level: 0.01 });
  const broken: unknown[] = [];
  const said: string[] = [];
  const log = {
    info: (line: string) => void said.push(line),
    warn: (line: string) => void said.push(`warning: ${line}`),
  };
  const service = new ScanService({
    judge,
    places,
    store,
    images,
    metrics,
    drift,
    retention,
    clock,
    log,
    keepFlagged,
    onError: (error) => broken.push(error),
  });
  return {
    service,
    store,
    places,
    metrics,
    drift,
    broken,
    said,
    uploads: () => readdirSync(join(folder, 'uploads')),
    images: () => readdirSync(join(folder, 'images')),
  };
}

const request = (name: string): ScanRequest => ({
  served,
  case: name,
  site: 'North',
  scanner: null,
  volume: undefined,
  segment: false,
});

async function* bytes(times = 1) {
  for (let i = 0; i < times; i++) {
    yield Buffer.from('abc');
    yield Buffer.from('def');
  }
}

it('answers, records, counts and watches what its judge makes of a scan', async () => {
  const { service, store, places, metrics, drift, broken } = await serviceOf();
  const scan = await service.accept(request('p1'));
  expect(store.get(scan.id)).toMatchObject({ status: 'queued', case: 'p1', detector: 'chest', site: 'North' });
  const seen: unknown[] = [];
  service.watch(
    scan.id,
    (progress) => seen.push(progress),
    () => seen.push('end'),
  );
  const { result, segmentation } = await scan.run(async () => bytes());
  expect(result).toMatchObject({ case: 'p1', score: 6 });
  expect(segmentation).toBeNull();
  expect(seen).toEqual([{ patches: 3, total: 6 }, { patches: 6, total: 6 }, 'end']);
  expect(store.get(scan.id)).toMatchObject({ status: 'done', result: { score: 6 }, kept: [] });
  expect(drift.state(served, { site: 'North' }).n).toBe(1);
  expect(await metrics.registry.metrics()).toMatch(/segcanary_scans_total\{detector="chest",outcome="done"\} 1\n/);
  expect([places.running, places.waiting, service.progress(scan.id), broken]).toEqual([0, 0, null, []]);
});

it('fails a scan whose bytes did not come, without waiting for the one before it', async () => {
  const { service, store, places, metrics } = await serviceOf();
  const first = await service.accept(request('first'));
  let arrive = () => {};
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const running = first.run(async () => {
    await arrived;
    return bytes();
  });
  const second = await service.accept(request('second'));
  await expect(service.accept(request('third'))).rejects.toMatchObject({ status: 429, code: 'queue-full' });
  await second.fail(Object.assign(new Error('the connection broke'), { code: 'ECONNRESET' }));
  expect(store.get(second.id)).toMatchObject({ status: 'failed', error: { code: 'io' } });
  expect([places.running, places.waiting]).toEqual([1, 0]);
  expect(await metrics.registry.metrics()).toMatch(/segcanary_scans_total\{detector="chest",outcome="io"\} 1\n/);
  arrive();
  expect((await running).result).toMatchObject({ case: 'first' });
});

it('stops a scan that is removed, and comes back from draining when all have ended', async () => {
  const { service, store } = await serviceOf();
  const scan = await service.accept(request('p1'));
  const running = scan.run(async () => bytes());
  await service.remove(scan.id);
  const drained = service.drain();
  await expect(running).rejects.toMatchObject({ code: 'aborted' });
  await drained;
  expect(store.get(scan.id)).toBeNull();
  await expect(service.accept(request('late'))).rejects.toMatchObject({ status: 503, code: 'draining' });
});

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** A clock that a test sets, and time that passes as it says. */
function setClock(start: number) {
  let [now, elapsed] = [start, 0];
  return {
    now: () => now,
    elapsed: () => elapsed,
    pass(ms: number) {
      now += ms;
      elapsed += ms;
    },
    set(ms: number) {
      now += ms;
    },
  };
}

it('says what retention forgets, by id and not by name', async () => {
  const clock = setClock(Date.UTC(2026, 0, 1));
  const { service, store, said } = await serviceOf(1, { retention: { days: 30 }, clock });
  const ids: string[] = [];
  for (let day = 0; day < 34; day++) {
    const scan = await service.accept(request(`Jane Doe ${day}`));
    ids.push(scan.id);
    await scan.run(async () => bytes());
    clock.pass(DAY);
  }
  service.prune();
  expect(
    store
      .list({ limit: 500 })
      .scans.map(({ id }) => id)
      .reverse(),
  ).toEqual(ids.slice(3));
  expect(said).toEqual(ids.slice(0, 3).map((id) => `Retention forgot 1 scans: ${id}.`));
});

it('forgets nothing while its clock is another one than at the start, and says so once', async () => {
  const clock = setClock(Date.UTC(2026, 0, 1));
  const { service, store, said } = await serviceOf(1, { retention: { days: 30 }, clock });
  for (let day = 0; day < 5; day++) {
    await (await service.accept(request(`p${day}`))).run(async () => bytes());
    clock.pass(DAY);
  }
  clock.set(365 * DAY);
  for (let day = 0; day < 5; day++) {
    await (await service.accept(request(`q${day}`))).run(async () => bytes());
    clock.pass(DAY);
  }
  service.prune();
  expect(store.list().scans).toHaveLength(10);
  expect(said).toEqual([
    expect.stringMatching(
      /^warning: The clock was set 8760\.0 hours ahead since the server started: no scan is forgotten/,
    ),
  ]);
  clock.set(-365 * DAY);
  clock.pass(HOUR);
  service.prune();
  expect(store.list().scans).toHaveLength(10);
});

it('doubts a clock that was wrong from the start, and says so', async () => {
  const start = Date.UTC(2027, 0, 1);
  const clock = setClock(start);
  const { store, said, service } = await serviceOf(1, { retention: { days: 30 }, clock });
  const write = () => store.finish(store.accept(newScan()).id, finishedScan(1));
  // What other processes wrote, under a clock that was right.
  clock.set(-365 * DAY);
  for (let day = 0; day < 5; day++) {
    write();
    clock.set(DAY);
  }
  clock.set(360 * DAY);
  write();
  service.prune();
  expect(store.list().scans).toHaveLength(6);
  expect(said).toEqual([
    'warning: The newest scans are of 2027-01-01 and those before of 2026-01-05: age counts from 2026-01-05 until there are scans of three days. If the clock is wrong, set it right.',
  ]);
});

it('leaves no folder of a scan that it could not write down', async () => {
  const { service, store, places, uploads } = await serviceOf();
  expect(service.trouble()).toBeNull();
  store.close();
  await expect(service.accept(request('p1'))).rejects.toMatchObject({ code: 'io' });
  expect([places.running, places.waiting, uploads()]).toEqual([0, 0, []]);
});

it('takes no scan while the store cannot be written, and says why', async () => {
  const { service, store, places, said } = await serviceOf();
  store.close();
  await expect(service.accept(request('p1'))).rejects.toMatchObject({
    status: 503,
    code: 'unavailable',
    headers: { 'retry-after': '30' },
  });
  expect([places.waiting, said.length]).toEqual([0, 1]);
  expect(said[0]).toMatch(/^warning: The store cannot be written: the log says why\. cannot use .* it is closed\.$/);
});

it('gives up what it kept of a scan that it could not finish', async () => {
  const { service, store, images } = await serviceOf(1, { keepFlagged: true });
  const scan = await service.accept(request('p1'));
  await expect(
    scan.run(async () => {
      store.remove(scan.id);
      return bytes(200);
    }),
  ).rejects.toMatchObject({ code: 'aborted' });
  expect(images()).toEqual([]);
});
