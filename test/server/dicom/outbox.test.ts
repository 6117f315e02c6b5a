import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { SegcanaryError } from '../../../src/errors.js';
import { systemClock } from '../../../src/server/clock.js';
import { Outbox } from '../../../src/server/dicom/outbox.js';
import type { SendTarget } from '../../../src/server/dicom/send-to.js';
import { scanIds } from '../../../src/server/scan-id.js';

const open: Outbox[] = [];
afterEach(async () => {
  for (const outbox of open.splice(0)) await outbox.stop();
});

/** A peer that is there or not, and refuses some files. */
class Peer implements SendTarget {
  readonly name = 'PACS@192.0.2.9:104';
  readonly has: string[] = [];
  readonly attempts: number[] = [];
  isThere = true;
  readonly refuses = new Set<string>();

  async send(...[files, onFile]: Parameters<SendTarget['send']>): Promise<void> {
    this.attempts.push(performance.now());
    if (!this.isThere) throw new SegcanaryError('peer-failed', 'is not there.', { subject: this.name });
    for (const file of files) {
      const isRefused = this.refuses.has(file.name);
      if (!isRefused) this.has.push(readFileSync(file.path, 'utf8'));
      const error = isRefused ? new SegcanaryError('peer-failed', 'was refused.', { subject: file.name }) : null;
      await onFile(file, error);
    }
  }
}

const nextId = scanIds();
const folder = () => mkdtemp(join(tmpdir(), 'segcanary-outbox-'));

async function outboxIn(
  data: string,
  peer: Peer,
  { days = 7, isDone = (_: string): boolean => true, now = Date.now, elapsed = systemClock.elapsed } = {},
) {
  const said: string[] = [];
  const log = { info: (line: string) => void said.push(line), warn: (line: string) => void said.push(line) };
  const clock = { now, elapsed };
  const outbox = await Outbox.open(data, { target: peer, days, clock, log }, isDone);
  open.push(outbox);
  outbox.start();
  return { outbox, said };
}

async function put(outbox: Outbox, names = ['map.dcm', 'report.dcm']): Promise<string> {
  const id = nextId();
  const staged = await outbox.stage(id);
  for (const name of names) writeFileSync(join(staged, name), `${name} of ${id}`);
  await outbox.enqueue(id);
  return id;
}

async function until(what: () => boolean): Promise<void> {
  for (let i = 0; i < 200 && !what(); i++) await sleep(25);
  expect(what()).toBe(true);
}

it('sends nothing before the record says that the scan is done, then all of it, and leaves nothing', async () => {
  const [peer, data] = [new Peer(), await folder()];
  const { outbox } = await outboxIn(data, peer);
  const id = await put(outbox);
  await sleep(100);
  expect([peer.has, outbox.status.waiting]).toEqual([[], 0]);
  await outbox.release(id);
  await until(() => readdirSync(join(data, 'outbox')).length === 0);
  expect(peer.has).toEqual([`map.dcm of ${id}`, `report.dcm of ${id}`]);
  expect(outbox.status).toEqual({ to: peer.name, waiting: 0, failed: 0, sent: 2, oldest: null, error: null });
});

it('comes again, later each time, while the peer is not there, and then sends all at once', async () => {
  const [peer, data] = [new Peer(), await folder()];
  peer.isThere = false;
  const { outbox, said } = await outboxIn(data, peer);
  const ids = [await put(outbox), await put(outbox), await put(outbox)];
  for (const id of ids) await outbox.release(id);
  await until(() => peer.attempts.length === 3);
  const waits = [peer.attempts[1] - peer.attempts[0], peer.attempts[2] - peer.attempts[1]];
  expect(waits[0]).toBeGreaterThan(450);
  expect(waits[1]).toBeGreaterThan(950);
  expect(outbox.status).toMatchObject({ waiting: 3, failed: 0, error: `${peer.name}: is not there.` });
  // Said once, and not with every attempt.
  expect(said).toHaveLength(1);
  peer.isThere = true;
  await until(() => outbox.status.waiting === 0);
  expect(peer.has).toHaveLength(6);
});

it('sends what was refused again, and what was taken not', async () => {
  const [peer, data] = [new Peer(), await folder()];
  peer.refuses.add('map.dcm');
  const { outbox } = await outboxIn(data, peer);
  const first = await put(outbox);
  await outbox.release(first);
  await until(() => peer.attempts.length === 1);
  const second = await put(outbox, ['report.dcm']);
  await outbox.release(second);
  // What is refused of one scan keeps the others from nothing.
  await until(() => peer.has.length === 2);
  peer.refuses.clear();
  await until(() => outbox.status.waiting === 0);
  expect(peer.has).toEqual([`report.dcm of ${first}`, `report.dcm of ${second}`, `map.dcm of ${first}`]);
});

it('outlives the process: what is done is sent, what will be scored again is not', async () => {
  const [peer, data] = [new Peer(), await folder()];
  peer.isThere = false;
  const { outbox } = await outboxIn(data, peer);
  const [released, done, undone] = [await put(outbox), await put(outbox), await put(outbox)];
  await outbox.release(released);
  const staged = await outbox.stage(nextId());
  writeFileSync(join(staged, 'map.dcm'), 'half');
  await outbox.stop();
  mkdirSync(join(data, 'outbox', 'not-an-id'));
  peer.isThere = true;
  const again = await outboxIn(data, peer, { isDone: (id) => id === done });
  await until(() => again.outbox.status.waiting === 0 && peer.has.length === 4);
  expect(new Set(peer.has)).toEqual(
    new Set([released, done].flatMap((id) => [`map.dcm of ${id}`, `report.dcm of ${id}`])),
  );
  expect(readdirSync(join(data, 'outbox'))).toEqual(['not-an-id']);
  expect(readdirSync(join(data, 'outbox-staging'))).toEqual([]);
  expect(undone).toBeDefined();
});

it('gives up after so many days, says so, and tries again after the next start', async () => {
  const [peer, data] = [new Peer(), await folder()];
  peer.isThere = false;
  let [now, passed] = [Date.now(), 0];
  const elapsed = () => systemClock.elapsed() + passed;
  const { outbox, said } = await outboxIn(data, peer, { now: () => now, elapsed });
  const id = await put(outbox);
  // A clock that is set right has not tried for a week.
  now += 8 * 86_400_000;
  await outbox.release(id);
  await until(() => peer.attempts.length === 1);
  await sleep(100);
  expect(outbox.status).toMatchObject({ waiting: 1, failed: 0 });
  passed += 8 * 86_400_000;
  await until(() => outbox.status.failed === 1);
  expect(outbox.status).toMatchObject({ waiting: 0, failed: 1 });
  expect(said.at(-1)).toMatch(/could not be sent for 7 days and are tried again when the server starts/);
  await outbox.stop();
  peer.isThere = true;
  const again = await outboxIn(data, peer, { now: () => now });
  await until(() => peer.has.length === 2);
  expect(again.outbox.status.failed).toBe(0);
});

it('drops what failed after all', async () => {
  const [peer, data] = [new Peer(), await folder()];
  const { outbox } = await outboxIn(data, peer);
  const id = await put(outbox);
  await outbox.drop(id);
  await outbox.release(id);
  await sleep(100);
  expect([peer.has, readdirSync(join(data, 'outbox'))]).toEqual([[], []]);
});

it('forgets what is dropped, whether it waits or is on its way', async () => {
  const [peer, data] = [new Peer(), await folder()];
  peer.refuses.add('map.dcm');
  const { outbox, said } = await outboxIn(data, peer);
  const waits = await put(outbox);
  await outbox.release(waits);
  await until(() => outbox.status.error !== null);
  await outbox.drop(waits);
  expect(outbox.status).toMatchObject({ waiting: 0, failed: 0, oldest: null, error: null });
  const goes = await put(outbox);
  const { send } = peer;
  peer.send = async (...args) => {
    await outbox.drop(goes);
    // Its files are gone meanwhile.
    await send.apply(peer, args);
  };
  await outbox.release(goes);
  await until(() => peer.attempts.length >= 2);
  await sleep(100);
  expect(readdirSync(join(data, 'outbox'))).toEqual([]);
  expect(outbox.status).toMatchObject({ waiting: 0, error: null });
  expect(said.filter((line) => line.includes(goes) || line.includes('cannot be written'))).toEqual([]);
});
