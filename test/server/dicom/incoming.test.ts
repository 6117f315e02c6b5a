import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { IncomingFolder } from '../../../src/server/dicom/incoming.js';
import { JobNotes } from '../../../src/server/dicom/job-notes.js';
import { CT, ctDataset, EXPLICIT } from '../../support/dicom-bytes.js';

const KEY = Buffer.alloc(32, 7);
const folder = () => mkdtemp(join(tmpdir(), 'segcanary-incoming-'));
const study = '1.2.3';

async function receive(incoming: IncomingFolder, series: string, sopInstance: string) {
  const file = await incoming.begin({ sopClass: CT, sopInstance, transferSyntax: EXPLICIT });
  const dataset = ctDataset({ study, series, sopInstance, z: 1 });
  for (let at = 0; at < dataset.length; at += 100) await file.write(dataset.subarray(at, at + 100));
  const received = await file.commit();
  if ('status' in received) throw new Error(String(received.status));
  return received.folder;
}

it('gives every series a folder whose name tells nobody whose it is, and is the same again', async () => {
  const data = await folder();
  const incoming = await IncomingFolder.open(data, KEY);
  const first = await receive(incoming, '1.2.3.4', '1.2.3.4.1');
  expect(first).toMatch(/^[0-9a-f]{32}\.[0-9a-f]{32}$/);
  expect(await receive(incoming, '1.2.3.4', '1.2.3.4.2')).toBe(first);
  expect((await receive(incoming, '1.2.3.5', '1.2.3.5.1')).split('.')[0]).toBe(first.split('.')[0]);
  expect(await receive(await IncomingFolder.open(data, Buffer.alloc(32, 8)), '1.2.3.4', '1.2.3.4.1')).not.toBe(first);
  expect(readdirSync(join(data, 'incoming', first))).toHaveLength(2);
  expect(statSync(join(data, 'incoming')).mode & 0o77).toBe(0);
  expect(readdirSync(join(data, 'receiving'))).toEqual([]);
});

it('goes on with a new folder where one was taken away, and loses no file to the race', async () => {
  const incoming = await IncomingFolder.open(await folder(), KEY);
  const name = await receive(incoming, '1.2.3.4', '1.2.3.4.0');
  const jobs: string[] = [];
  const received = Array.from({ length: 100 }, (_, i) => receive(incoming, '1.2.3.4', `1.2.3.4.${i + 1}`));
  for (let i = 0; i < 40; i++) {
    const job = await incoming.take(name, 1000 + i);
    if (job) jobs.push(job);
  }
  await Promise.all(received);
  const last = await incoming.take(name, 5000);
  if (last) jobs.push(last);
  const files = jobs.flatMap((job) => readdirSync(incoming.pathOf(job)));
  expect(files).toHaveLength(101);
  expect(await incoming.jobs()).toEqual([...jobs].sort());
  expect(await incoming.take(name, 6000)).toBeNull();
});

it('knows when the files of a series came, and removes what was not acknowledged', async () => {
  const data = await folder();
  const first = await IncomingFolder.open(data, KEY);
  const name = await receive(first, '1.2.3.4', '1.2.3.4.1');
  await receive(first, '1.2.3.4', '1.2.3.4.2');
  const half = await first.begin({ sopClass: CT, sopInstance: '1.2.3.4.3', transferSyntax: EXPLICIT });
  await half.write(Buffer.alloc(10));
  const files = readdirSync(join(data, 'incoming', name));
  for (const [i, file] of files.entries()) utimesSync(join(data, 'incoming', name, file), 100 + i, 100 + i);
  const second = await IncomingFolder.open(data, KEY);
  expect(readdirSync(join(data, 'receiving'))).toEqual([]);
  expect(await second.gathering()).toEqual([{ name, first: 100_000, last: 101_000, isCut: false }]);
  await half.discard();
});

it('remembers that the sender of a series was cut off, until something of it comes again', async () => {
  const data = await folder();
  const incoming = await IncomingFolder.open(data, KEY);
  const name = await receive(incoming, '1.2.3.4', '1.2.3.4.1');
  await incoming.markCut(name);
  // Taken away meanwhile.
  await incoming.markCut('a.b');
  expect(await (await IncomingFolder.open(data, KEY)).gathering()).toMatchObject([{ name, isCut: true }]);
  await receive(incoming, '1.2.3.4', '1.2.3.4.2');
  expect(await incoming.gathering()).toMatchObject([{ name, isCut: false }]);
  await incoming.markCut(name);
  const job = (await incoming.take(name, 0)) ?? '';
  expect(await incoming.wasCut(job)).toBe(true);
});

it('takes nothing where the disk is nearly full', async () => {
  const incoming = await IncomingFolder.open(await folder(), KEY, { leastFree: Number.MAX_SAFE_INTEGER });
  await expect(receive(incoming, '1.2.3.4', '1.2.3.4.1')).rejects.toMatchObject({ code: 'io' });
});

it('notes the record of each case of a job, also through a note that was damaged', async () => {
  const path = await folder();
  const notes = await JobNotes.open(path);
  expect(notes.of('ct-1')).toBeNull();
  await notes.write('ct-1', { id: 'a', isDone: false });
  await notes.write('ct-2', { id: 'b', isDone: true });
  const again = await JobNotes.open(path);
  expect([again.of('ct-1'), again.of('ct-2'), again.of('toString')]).toEqual([
    { id: 'a', isDone: false },
    { id: 'b', isDone: true },
    null,
  ]);
});

it('lets lie what others left in its folders', async () => {
  const data = await folder();
  const incoming = await IncomingFolder.open(data, KEY);
  const name = await receive(incoming, '1.2.3.4', '1.2.3.4.1');
  for (const place of ['incoming', 'scoring']) {
    writeFileSync(join(data, place, '.DS_Store'), 'x');
    mkdirSync(join(data, place, 'lost+found'));
  }
  expect((await incoming.gathering()).map((one) => one.name)).toEqual([name]);
  const job = await incoming.take(name, 1000);
  expect(await incoming.jobs()).toEqual([job]);
  expect(readdirSync(join(data, 'incoming')).sort()).toEqual(['.DS_Store', 'lost+found']);
});
