import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { SubjectScore } from '../../src/results.js';
import { DriftMonitor } from '../../src/server/drift.js';
import { ImageFolder } from '../../src/server/images.js';
import type { Judge, ScanRequest } from '../../src/server/judge.js';
import { Metrics } from '../../src/server/metrics.js';
import { ScanQueue } from '../../src/server/queue.js';
import { openServed, type ServedDetector } from '../../src/server/served.js';
import { ScanService } from '../../src/server/service.js';
import { openStore } from '../../src/server/sql-store.js';

let served: ServedDetector;
beforeAll(async () => {
  const detectors = await openServed({ detectors: [`chest=${join(inject('workshop'), 'detector')}`] });
  served = detectors.get('chest')!;
});

const closers: (() => unknown)[] = [];
afterAll(() => Promise.all(closers.map((close) => close())));

/** A service whose judge counts the bytes of a scan, and has no network. */
async function serviceOf(room = 1) {
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
        verdict: 'in-distribution',
        pValue: 1,
        patches: 6,
        worstPatch: null,
        warnings: [],
        detector: served.detector.id,
      };
      return { result, explanation: null };
    },
  };
  const store = openStore(null);
  const images = await ImageFolder.open(null);
  closers.push(
    () => store.close(),
    () => images.close(true),
  );
  const places = new ScanQueue(1, room);
  const metrics = new Metrics([served], places);
  const drift = new DriftMonitor([served], { store, metrics, level: 0.01 });
  const broken: unknown[] = [];
  const service = new ScanService({
    judge,
    places,
    store,
    images,
    metrics,
    drift,
    retention: {},
    keepFlagged: false,
    onError: (error) => broken.push(error),
  });
  return { service, store, places, metrics, drift, broken };
}

const request = (name: string): ScanRequest => ({
  served,
  case: name,
  site: 'North',
  scanner: null,
  volume: undefined,
  segment: false,
});

async function* bytes() {
  yield Buffer.from('abc');
  yield Buffer.from('def');
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
  expect(drift.state(served, 'North').n).toBe(1);
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
