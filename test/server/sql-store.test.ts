import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import Libsql from 'libsql';
import { expect, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/server/database.js';
import { MIGRATIONS } from '../../src/server/scan-rows.js';
import { openStore } from '../../src/server/sql-store.js';
import type { ScanStore } from '../../src/server/store.js';
import { temporaryFolder } from '../support/folder.js';
import { canMount, makeReadOnly, mountedFolder } from '../support/mounts.js';
import { finishedScan, HASH, newScan } from '../support/records.js';

const dist = join(import.meta.dirname, '../../dist/server/sql-store.js');

/** A store that is closed when the test ends. */
function storeIn(folder: string | null, now?: () => number): ScanStore {
  const store = openStore(folder, now);
  onTestFinished(() => store.close());
  return store;
}

const scores = (store: ScanStore, site: string | null = null) => store.series(HASH, { site }).map(({ score }) => score);

it('a scan is queued, running and done, and is read back as it was written', () => {
  let clock = Date.UTC(2024, 0, 1);
  const store = storeIn(null, () => clock);
  const tags = newScan({ case: 'Zähler "1"', site: 'north', scanner: 'CT 2' });
  const accepted = store.accept(tags);
  expect(accepted).toEqual({
    ...tags,
    id: accepted.id,
    status: 'queued',
    receivedAt: '2024-01-01T00:00:00.000Z',
    startedAt: null,
    finishedAt: null,
    seconds: null,
    result: null,
    explanation: null,
    error: null,
    kept: [],
  });
  clock += 1000;
  expect(store.start(accepted.id)).toEqual({ ...accepted, status: 'running', startedAt: '2024-01-01T00:00:01.000Z' });
  clock += 2000;
  const finished = finishedScan(0.1 + 0.2, { explanation: { stage: 3 }, kept: ['image'] });
  const done = store.finish(accepted.id, finished);
  expect(done).toEqual({
    ...accepted,
    ...finished,
    status: 'done',
    startedAt: '2024-01-01T00:00:01.000Z',
    finishedAt: '2024-01-01T00:00:03.000Z',
  });
  expect(store.get(accepted.id)).toEqual(done);
  expect(store.series(HASH, {})).toEqual([{ id: accepted.id, at: '2024-01-01T00:00:03.000Z', score: 0.1 + 0.2 }]);
});

it('a scan ends once: what comes later changes nothing', () => {
  const store = storeIn(null);
  const { id } = store.accept(newScan());
  store.start(id);
  const failed = store.fail(id, { code: 'truncated', message: 'It ends early.' });
  expect(failed).toMatchObject({ status: 'failed', error: { code: 'truncated', message: 'It ends early.' } });
  expect(store.start(id)).toBeNull();
  expect(store.finish(id, finishedScan(1))).toBeNull();
  expect(store.fail(id, { code: 'io', message: 'Again.' })).toBeNull();
  expect(store.get(id)).toEqual(failed);
  expect(scores(store)).toEqual([]);
});

it('a scan that was removed is not there, and nothing can be done to it', () => {
  const store = storeIn(null);
  const record = store.accept(newScan());
  expect(store.remove(record.id)).toEqual(record);
  expect(store.get(record.id)).toBeNull();
  expect(store.remove(record.id)).toBeNull();
  expect(store.finish(record.id, finishedScan(1))).toBeNull();
  expect(scores(store)).toEqual([]);
});

it('the series is in order of finishing, of a site and of all, and of its detector alone', () => {
  const store = storeIn(null);
  const scans = (['north', 'south', null, 'north'] as const).map((site) => store.accept(newScan({ site })));
  const other = store.accept(newScan({ detectorHash: 'sha256:00', site: 'north' }));
  const order = [3, 2, 0, 1];
  for (const i of order) store.finish(scans[i].id, finishedScan(i));
  store.finish(other.id, finishedScan(100));
  expect(scores(store)).toEqual(order);
  expect(scores(store, 'north')).toEqual([3, 0]);
  expect(scores(store, 'west')).toEqual([]);
  expect(store.sources(HASH, 'site')).toEqual(['north', 'south']);
});

it('a segmentation counts with its trust score, and one without a detector does not', () => {
  const store = storeIn(null);
  const score = finishedScan(12).result as never;
  const segment = { case: 'a', patches: 8, voxels: { 0: 5 }, quality: null, trust: 'unknown' as const, warnings: [] };
  const scored = store.accept(newScan());
  expect(store.finish(scored.id, finishedScan(0, { result: { ...segment, score } }))?.result).toMatchObject({ score });
  store.finish(store.accept(newScan()).id, finishedScan(0, { result: { ...segment, score: null } }));
  expect(scores(store)).toEqual([12]);
  expect(store.list({ verdict: 'out-of-distribution' }).scans.map(({ id }) => id)).toEqual([scored.id]);
});

it('lists are filtered, newest first, and their pages are the list', () => {
  const tag = fc.constantFrom('a', 'b');
  const scan = fc.record({ site: tag, scanner: tag, detector: tag, ends: fc.constantFrom('queued', 'done', 'failed') });
  const filter = fc.record(
    { site: tag, scanner: tag, detector: tag, status: fc.constantFrom('queued', 'done', 'failed') },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(fc.array(scan, { maxLength: 12 }), filter, fc.integer({ min: 1, max: 5 }), (scans, wanted, limit) => {
      const store = openStore(null);
      try {
        for (const { ends, ...tags } of scans) {
          const { id } = store.accept(newScan(tags));
          if (ends === 'done') store.finish(id, finishedScan(1));
          if (ends === 'failed') store.fail(id, { code: 'io', message: 'No.' });
        }
        const all = store.list({ limit: 500 });
        expect(all.next).toBeNull();
        expect(all.scans.map(({ site, status }) => [site, status])).toEqual(
          scans.map(({ site, ends }) => [site, ends]).reverse(),
        );
        const expected = all.scans.filter((record) =>
          Object.entries(wanted).every(([key, value]) => record[key as 'site'] === value),
        );
        const paged = [];
        for (let before: string | null | undefined; before !== null; ) {
          const page = store.list({ ...wanted, status: wanted.status as 'done', limit, before });
          expect(page.scans.length).toBeLessThanOrEqual(limit);
          paged.push(...page.scans);
          before = page.next;
        }
        expect(paged).toEqual(expected);
      } finally {
        store.close();
      }
    }),
    { numRuns: 40 },
  );
});

it('a list begins at `from` and ends before `to`', () => {
  let clock = 0;
  const store = storeIn(null, () => clock);
  const ids = [10, 20, 30].map((time) => {
    clock = time;
    return store.accept(newScan()).id;
  });
  expect(store.list({ from: 20 }).scans.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
  expect(store.list({ from: 20, to: 30 }).scans.map(({ id }) => id)).toEqual([ids[1]]);
});

it('retention removes records that have ended, by age and by number, and no score', () => {
  const day = 86_400_000;
  let clock = 0;
  const store = storeIn(null, () => clock);
  const waiting = store.accept(newScan());
  const ids = [1, 2, 3, 4].map((i) => {
    clock = i * day;
    const { id } = store.accept(newScan());
    store.finish(id, finishedScan(i, { kept: i === 1 ? ['image', 'uncertainty'] : [] }));
    return id;
  });
  clock = 4 * day;
  expect(store.prune({})).toEqual({ removed: [], doubt: null });
  const {
    removed: [first, ...none],
  } = store.prune({ days: 2 });
  expect(first).toMatchObject({ id: ids[0], kept: ['image', 'uncertainty'] });
  expect(none).toEqual([]);
  expect(
    store
      .prune({ scans: 1 })
      .removed.map(({ id }) => id)
      .sort(),
  ).toEqual([ids[1], ids[2]]);
  expect(store.list().scans.map(({ id }) => id)).toEqual([ids[3], waiting.id]);
  expect(store.prune({ days: 0, scans: 0 }).removed).toHaveLength(1);
  expect(scores(store)).toEqual([1, 2, 3, 4]);
});

it('everything is there after closing, in one file', async () => {
  const folder = await temporaryFolder();
  const store = openStore(folder);
  const { id } = store.accept(newScan());
  const done = store.finish(id, finishedScan(5));
  store.close();
  store.close();
  expect(readdirSync(folder)).toEqual(['segcanary.db']);
  expect(() => store.get(id)).toThrow('it is closed.');
  const again = storeIn(folder);
  expect(again.interrupted).toBe(0);
  expect(again.get(id)).toEqual(done);
  expect(again.accept(newScan()).id > id).toBe(true);
});

it('what was removed is not in the file', async () => {
  const folder = await temporaryFolder();
  const store = openStore(folder);
  const { id } = store.accept(newScan({ case: 'Jane Doe' }));
  store.remove(id);
  store.close();
  expect(readFileSync(join(folder, 'segcanary.db')).includes('Jane Doe')).toBe(false);
});

/** Whether a text is in any file of a folder. */
const isIn = (folder: string, text: string): boolean =>
  readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(text));

it('what was removed is in no file while the store is open, whichever way it was removed', async () => {
  const folder = await temporaryFolder();
  const store = storeIn(folder);
  const names = Array.from({ length: 60 }, (_, i) => `Jane Doe the ${i}th`);
  const ids = names.map((name, i) => {
    const { id } = store.accept(newScan({ case: name }));
    store.start(id);
    const explanation = { of: name.repeat(1 + ((i * 37) % 300)) };
    if (i % 5 === 0) store.fail(id, { code: 'io', message: name });
    else store.finish(id, finishedScan(i, { explanation }));
    return id;
  });
  for (const name of names) expect(isIn(folder, name)).toBe(true);
  for (const i of [3, 17, 18, 40]) store.remove(ids[i]!);
  expect(store.prune({ scans: 20 }).removed).toHaveLength(36);
  const stay = ids.map((id) => store.get(id) !== null);
  expect(stay.filter(Boolean)).toHaveLength(20);
  expect(names.map((name) => isIn(folder, name))).toEqual(stay);
  expect(statSync(join(folder, 'segcanary.db-wal')).size).toBe(0);
});

it('its file grows small again when records go', async () => {
  const folder = await temporaryFolder();
  const store = storeIn(folder);
  const size = () => statSync(join(folder, 'segcanary.db')).size;
  for (let i = 0; i < 40; i++)
    store.finish(store.accept(newScan()).id, finishedScan(1, { explanation: 'x'.repeat(50_000) }));
  store.prune({ scans: 39 });
  const full = size();
  expect(store.prune({ scans: 4 }).removed).toHaveLength(35);
  expect(size()).toBeLessThan(full / 5);
});

it('what a process left in its log when it was killed is gone after the next start, and the files are private', async () => {
  const folder = await temporaryFolder();
  openStore(folder).close();
  const path = join(folder, 'segcanary.db');
  // As an older segcanary made it, and a process that dies with a removal in its log.
  const program = `
    import Libsql from 'libsql';
    const connection = new Libsql(${JSON.stringify(path)});
    connection.exec('PRAGMA auto_vacuum = NONE; VACUUM; PRAGMA journal_mode = WAL');
    connection.exec("INSERT INTO scans (id, status, name, detector, detector_hash, received_at) VALUES ('a', 'done', 'Jane Doe', 'd', 'h', 1)");
    connection.exec("DELETE FROM scans");
    process.kill(process.pid, 'SIGKILL');`;
  spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: import.meta.dirname });
  expect(isIn(folder, 'Jane Doe')).toBe(true);
  for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o666);
  const store = storeIn(folder);
  expect(isIn(folder, 'Jane Doe')).toBe(false);
  store.accept(newScan());
  for (const name of readdirSync(folder))
    expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
});

it('ids go on behind those of scores whose records are gone, also with the clock set back', async () => {
  const folder = await temporaryFolder();
  const store = openStore(folder, () => 2000);
  const { id } = store.accept(newScan());
  store.finish(id, finishedScan(1));
  store.remove(id);
  store.close();
  expect(storeIn(folder, () => 1000).accept(newScan()).id > id).toBe(true);
});

it('a store without a folder leaves nothing behind, and is another one every time', () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('.segcanary-store-'));
  const before = left();
  const store = storeIn(null);
  expect(left()).toEqual(before);
  store.accept(newScan({ case: 'x'.repeat(10_000_000) }));
  expect(store.list().scans).toHaveLength(1);
  expect(storeIn(null).list().scans).toHaveLength(0);
});

/**
 * A process of its own that has the store open and accepts scans until it is killed: every second
 * one is started, every fourth is done.
 */
async function otherProcess(folder: string): Promise<{ child: ChildProcess; told: () => string[] }> {
  const program = `
    import { openStore } from ${JSON.stringify(dist)};
    import { writeSync } from 'node:fs';
    const store = openStore(${JSON.stringify(folder)});
    for (let i = 0; ; i++) {
      const { id } = store.accept(${JSON.stringify(newScan())});
      if (i % 2 === 0) store.start(id);
      if (i % 4 === 0) store.finish(id, { ...${JSON.stringify(finishedScan(0))}, seconds: i });
      writeSync(1, id + ' ' + (i % 4 === 0 ? 'done' : 'interrupted') + '\\n');
    }`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => {
    text += chunk;
  });
  await once(child.stdout, 'data');
  return { child, told: () => text.slice(0, text.lastIndexOf('\n')).split('\n') };
}

it('a second process is refused while the first is running; killed, it has lost nothing that it told of', async () => {
  const folder = await temporaryFolder();
  const { child, told } = await otherProcess(folder);
  expect(() => openStore(folder)).toThrow(
    `cannot use ${join(folder, 'segcanary.db')}: another segcanary has it open; give every server a folder of its own.`,
  );
  // Whenever that is on a busy machine.
  await expect.poll(() => told().length, { timeout: 60_000 }).toBeGreaterThan(20);
  child.kill('SIGKILL');
  await once(child, 'close');
  const store = storeIn(folder);
  const lines = told();
  for (const line of lines) {
    const [id, status] = line.split(' ');
    expect(store.get(id!)?.status).toBe(status);
  }
  const interrupted = store.list({ status: 'interrupted', limit: 100_000 }).scans;
  expect(interrupted).toHaveLength(store.interrupted);
  expect(interrupted[0]).toMatchObject({
    error: { code: 'interrupted', message: 'The server ended before the scan was done; send it again.' },
    finishedAt: expect.stringMatching(/Z$/),
  });
  expect(store.series(HASH, {})).toHaveLength(store.list({ status: 'done', limit: 100_000 }).scans.length);
});

it('the same process is refused a second time as well, and the first goes on', async () => {
  const folder = await temporaryFolder();
  const store = storeIn(folder);
  for (let i = 0; i < 2; i++) expect(() => openStore(folder)).toThrow('another segcanary has it open');
  expect(store.accept(newScan()).status).toBe('queued');
  store.close();
  expect(storeIn(folder).interrupted).toBe(1);
});

it.each([
  ['text', (path: string) => writeFileSync(path, 'Dear diary, '.repeat(1000))],
  ['a short file', (path: string) => writeFileSync(path, 'x')],
  ['zeros', (path: string) => writeFileSync(path, new Uint8Array(4096))],
  [
    'the database of another program',
    (path: string) => {
      const other = new Libsql(path);
      other.exec('CREATE TABLE scans (a)');
      other.close();
    },
  ],
])('%s is refused, and left as it is', async (_, make) => {
  const folder = await temporaryFolder();
  const path = join(folder, 'segcanary.db');
  make(path);
  expect(() => openStore(folder)).toThrow(
    `cannot open ${path}: it is not a store of segcanary; move it away, or use another folder.`,
  );
  expect(readdirSync(folder)).toEqual(['segcanary.db']);
});

it('the store of a newer version is refused', async () => {
  const folder = await temporaryFolder();
  openStore(folder).close();
  const path = join(folder, 'segcanary.db');
  const newer = new Libsql(path);
  newer.exec('PRAGMA user_version = 7');
  newer.close();
  expect(() => openStore(folder)).toThrow(
    `cannot open ${path}: a newer segcanary wrote it (version 7 of the store, this one knows 2); use that one, or another folder.`,
  );
});

it('a folder in the place of the file, and a file in the place of the folder, are refused', async () => {
  const folder = await temporaryFolder();
  mkdirSync(join(folder, 'a/segcanary.db'), { recursive: true });
  expect(() => openStore(join(folder, 'a'))).toThrow('it is no file that can be read and written.');
  writeFileSync(join(folder, 'b'), '');
  expect(() => openStore(join(folder, 'b'))).toThrow(`cannot write ${join(folder, 'b')}`);
});

/**
 * A process of its own that does this with `store` and ends: libsql keeps a file open behind
 * `close`, and a disk that is in use cannot be unmounted.
 */
function elsewhere(folder: string, body: string): unknown {
  const program = `
    import { openStore } from ${JSON.stringify(dist)};
    const attempt = (work) => { try { return work(); } catch ({ code, message }) { return { code, message }; } };
    const [scan, finished, hash] = ${JSON.stringify([newScan(), finishedScan(1), HASH])};
    const store = attempt(() => openStore(${JSON.stringify(folder)}));
    console.log(JSON.stringify((() => { ${body} })()));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

it.runIf(canMount)('a full disk is said in a sentence, and what was written before is there', () => {
  const folder = mountedFolder('size=3m');
  writeFileSync(join(folder, 'other'), new Uint8Array(2_400_000));
  const refused = { code: 'io', message: `cannot use ${join(folder, 'segcanary.db')}: the disk is full.` };
  const { ids, ...first } = elsewhere(
    folder,
    `const ids = [];
     const accept = attempt(() => { for (;;) ids.push(store.accept({ ...scan, case: 'x'.repeat(20000) }).id); });
     const finish = attempt(() => store.finish(ids[0], { ...finished, explanation: 'x'.repeat(500000) }));
     const listed = store.list({ limit: 500 }).scans.map(({ id }) => id).reverse();
     return { ids, accept, finish, listed, closed: attempt(() => store.close()) ?? null };`,
  ) as { ids: string[] };
  expect(ids.length).toBeGreaterThan(2);
  expect(first).toEqual({ accept: refused, finish: refused, listed: ids, closed: null });
  expect(elsewhere(folder, 'return store;')).toEqual(refused);
  rmSync(join(folder, 'other'));
  const again = elsewhere(folder, 'return { interrupted: store.interrupted, series: store.series(hash, {}) };');
  expect(again).toEqual({ interrupted: ids.length, series: [] });
});

it.runIf(canMount)(
  'on a full disk records can be removed, scans fail, and what is owed is done when there is room',
  () => {
    const folder = mountedFolder('size=24m');
    const ran = elsewhere(
      folder,
      `const { closeSync, fsyncSync, openSync, readdirSync, readFileSync, rmSync, statfsSync, writeSync } = process.getBuiltinModule('fs');
     const fill = (n) => { const file = openSync('${folder}/fill' + n, 'w'); try { for (;;) writeSync(file, Buffer.alloc(4096)); } catch {} closeSync(file); };
     const free = () => { const { bavail, bsize } = statfsSync('${folder}'); return bavail * bsize; };
     const isIn = (text) => readdirSync('${folder}').some((name) => !name.startsWith('fill') && readFileSync('${folder}/' + name).includes(text));
     const told = { before: store.settle() };
     const [first, second, ...ids] = Array.from({ length: 5 }, (_, i) => store.accept({ ...scan, case: 'Jane Doe ' + i }).id);
     for (const id of ids) store.finish(id, { ...finished, explanation: 'x'.repeat(300000) });
     for (const id of [first, second]) store.start(id);
     fill(1);
     told.full = free();
     told.accept = attempt(() => { for (;;) store.accept(scan); }).code;
     told.failed = store.fail(first, { code: 'io', message: 'No.' }).status;
     fill(2);
     told.unwritten = store.fail(second, { code: 'io', message: 'No.' }).status;
     told.owing = store.isOwing;
     told.statuses = ['failed', 'running'].map((status) => store.list({ status }).scans.map(({ id }) => [first, second].indexOf(id)));
     told.broken = store.settle().reason;
     told.removal = attempt(() => store.remove(ids[0]))?.code;
     rmSync('${folder}/fill1');
     told.settled = store.settle();
     fill(3);
     told.removed = store.remove(ids[1]).id === ids[1];
     told.given = free() > 250000;
     told.traces = [3, 4].map((i) => isIn('Jane Doe ' + i));
     told.last = store.fail(ids[2], { code: 'io', message: 'No.' });
     return told;`,
    );
    expect(ran).toEqual({
      before: null,
      full: 0,
      accept: 'io',
      failed: 'failed',
      unwritten: 'failed',
      owing: true,
      statuses: [[1, 0], []],
      broken: 'The store cannot be written: the disk is full or broken.',
      removal: 'io',
      settled: null,
      removed: true,
      given: true,
      traces: [false, true],
      last: null,
    });
  },
);

it.runIf(canMount)('a read-only disk is said in a sentence', () => {
  const folder = mountedFolder('size=600k');
  elsewhere(folder, 'return store.accept(scan);');
  makeReadOnly(folder);
  expect(elsewhere(folder, 'return store;')).toEqual({
    code: 'io',
    message: `cannot write ${folder}: the file system is read-only.`,
  });
});

it('an older store learns of the scanners of its scores', async () => {
  const folder = await temporaryFolder();
  const old = openDatabase(folder, MIGRATIONS.slice(0, 1));
  const insert = (id: string, scanner: string | null) => {
    old.run(
      `INSERT INTO scans (id, status, name, detector, detector_hash, scanner, received_at) VALUES (?, 'done', 'p', 'chest', ?, ?, 1)`,
      [id, HASH, scanner],
    );
    old.run('INSERT INTO scores (scan, detector_hash, at, score) VALUES (?, ?, 2, 3)', [id, HASH]);
  };
  insert('a', 'CT 1');
  insert('b', null);
  old.close();
  const store = openStore(folder);
  expect(store.sources(HASH, 'scanner')).toEqual(['CT 1']);
  expect(store.series(HASH, { scanner: 'CT 1' }).map(({ id }) => id)).toEqual(['a']);
  expect(store.series(HASH, {})).toHaveLength(2);
  store.close();
});
