import { join } from 'node:path';
import { beforeAll, expect, inject, it } from 'vitest';
import { DriftMonitor } from '../../src/server/drift.js';
import { Metrics } from '../../src/server/metrics.js';
import { openServed, type ServedDetector } from '../../src/server/served.js';
import { openStore } from '../../src/server/sql-store.js';
import type { ScanStore } from '../../src/server/store.js';
import { finishedScan, newScan } from '../support/records.js';

let served: ServedDetector;
beforeAll(async () => {
  const detectors = await openServed({ detectors: [`chest=${join(inject('workshop'), 'detector')}`] });
  served = detectors.get('chest')!;
});

function monitorOf(store: ScanStore, most?: number) {
  const metrics = new Metrics([served], { waiting: 0, running: 0 });
  const said: string[] = [];
  const log = { warn: (line: string) => void said.push(line) };
  return { drift: new DriftMonitor([served], { store, metrics, level: 0.01, log, most }), metrics, said };
}

const scanners = (text: string) =>
  [...text.matchAll(/segcanary_drift_log10\{.*scanner="([^"]+)"/g)].map(([, name]) => name);

it('watches as many scanners as it has room for, those that came first, and says so once', async () => {
  const store = openStore(null, () => Date.now());
  const { drift, metrics, said } = monitorOf(store, 3);
  for (const [i, scanner] of ['Z', 'B', 'A', 'X1', 'X2', 'X3', 'B'].entries()) {
    const { id } = store.accept(newScan({ detectorHash: served.detector.id, scanner }));
    store.start(id);
    store.finish(id, finishedScan(i));
    drift.add(id, served, { site: null, scanner }, i);
  }
  expect(drift.sources(served, 'scanner')).toEqual(['A', 'B', 'Z']);
  expect(drift.state(served, { site: null, scanner: 'B' }).n).toBe(2);
  expect(drift.state(served, { site: null, scanner: null }).n).toBe(7);
  expect(drift.state(served, { site: null, scanner: 'X1' }).n).toBe(0);
  expect(scanners(await metrics.registry.metrics())).toEqual(['Z', 'B', 'A']);
  expect(said).toEqual([
    'chest has seen 3 scanners, and drift is watched for no more of them by themselves; what comes from others counts among all scans.',
  ]);
  // The same ones after a restart.
  expect(monitorOf(store, 3).drift.sources(served, 'scanner')).toEqual(['A', 'B', 'Z']);
  store.close();
});

it('keeps nothing of sites that are only asked for', () => {
  const store = openStore(null, () => Date.now());
  const { drift } = monitorOf(store);
  for (let i = 0; i < 10; i++) expect(drift.state(served, { site: `none ${i}`, scanner: null }).n).toBe(0);
  expect(drift.sources(served, 'site')).toEqual([]);
  store.close();
});
