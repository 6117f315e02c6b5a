import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer as listener } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { afterEach, describe, expect, inject, it } from 'vitest';
import type { FileRange } from '../../../src/files/file-range.js';
import { openSegmentationModel } from '../../../src/network/folder.js';
import type { ServerDicom } from '../../../src/protocol/dicom.js';
import { type AcceptorOptions, acceptAssociation } from '../../../src/protocol/dimse/acceptor.js';
import { encodeFileMeta } from '../../../src/protocol/dimse/part10.js';
import { Requestor } from '../../../src/protocol/dimse/requestor.js';
import { storeFiles } from '../../../src/protocol/dimse/store-files.js';
import type { ServerRecord } from '../../../src/protocol/record.js';
import { createServer, type SegcanaryServer, type ServerOptions } from '../../../src/server/app.js';
import type { DicomOptions } from '../../../src/server/dicom/door.js';
import { MODEL } from '../../support/cli.js';
import { EXPLICIT, RTSTRUCT, rtstructDataset } from '../../support/dicom-bytes.js';
import { seriesUid, writeSeries } from '../../support/sent-series.js';

const servers: SegcanaryServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

const work = mkdtempSync(join(tmpdir(), 'segcanary-door-'));

async function freePort(): Promise<number> {
  const probe = listener();
  await new Promise<void>((go) => probe.listen(0, '127.0.0.1', go));
  const { port } = probe.address() as { port: number };
  await new Promise((go) => probe.close(go));
  return port;
}

let count = 0;
const fresh = (): string => join(work, String(count++));

interface Door {
  readonly data: string;
  readonly port: number;
  readonly said: string[];
  readonly server: SegcanaryServer;
  send(files: readonly FileRange[], calling?: string): Promise<string[]>;
  json<T>(path: string): Promise<T>;
  metrics(): Promise<string>;
  /** @returns the status of the answer */
  remove(scan: string): Promise<number>;
  /** Records, oldest first, as soon as so many have ended. */
  records(count: number): Promise<ServerRecord[]>;
}

async function door(
  given: Partial<DicomOptions> = {},
  data = fresh(),
  options: Partial<ServerOptions> = {},
): Promise<Door> {
  const said: string[] = [];
  const server = await createServer({
    detectors: [`chest=${join(inject('workshop'), 'detector')}`],
    data,
    dicom: { aet: 'SEGCANARY', port: 0, quiet: { series: 1 }, ...given },
    logger: pino({ level: 'trace' }, { write: (line: string) => void said.push(line) }),
    ...options,
  });
  servers.push(server);
  const { url, dicom } = await server.listen({ port: 0 });
  const [, port] = /^SEGCANARY@127\.0\.0\.1:(\d+)$/.exec(dicom ?? '') ?? [];
  const ask = async (path: string) => (await fetch(`${url}${path}`)).text();
  const json = async <T>(path: string) => JSON.parse(await ask(path)) as T;
  return {
    data,
    port: Number(port),
    said,
    server,
    json,
    metrics: () => ask('/metrics'),
    remove: async (scan) => (await fetch(`${url}/v1/scans/${scan}`, { method: 'DELETE' })).status,
    async send(files, calling = 'CT1') {
      const refused: string[] = [];
      const peer = { aet: 'SEGCANARY', host: '127.0.0.1', port: Number(port) };
      await storeFiles(files, { peer, calling, onFile: (_, error) => void (error && refused.push(error.message)) });
      return refused;
    },
    async records(wanted) {
      for (let i = 0; i < 600; i++) {
        const { scans } = await json<{ scans: ServerRecord[] }>('/v1/scans');
        const ended = scans.filter(({ status }) => ['done', 'failed', 'interrupted'].includes(status));
        if (ended.length >= wanted && scans.length === ended.length) return ended.reverse();
        await sleep(100);
      }
      throw new Error(`no ${wanted} records: ${said.join('')}`);
    },
  };
}

async function closed({ server }: Door): Promise<void> {
  servers.splice(servers.indexOf(server), 1);
  await server.close();
}

const createArchive = (store: AcceptorOptions['store']) =>
  listener((socket) => {
    acceptAssociation(socket, {
      times: { request: 5, idle: 5, association: 60 },
      ...{ largest: 2 ** 30, store, refuse: () => null, onError: () => {} },
    }).catch(() => {});
  });

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await what()) return;
    await sleep(100);
  }
  expect(await what()).toBe(true);
}

/** Every path below a folder. */
const pathsIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => statSync(join(folder, path)).isFile());

const leftOf = ({ data }: Door): string[] =>
  pathsIn(data).filter((path) => /^(receiving|incoming|scoring|outbox)/.test(path));

describe('a series that is sent', () => {
  it('is scored once, by what its headers say, and no patient is anywhere', async () => {
    const open = await door();
    const files = writeSeries({ folder: fresh(), seed: 200 });
    expect(await open.send(files)).toEqual([]);
    expect(pathsIn(join(open.data, 'incoming'))).toHaveLength(36);
    expect(await open.json('/v1/dicom')).toEqual({
      door: { aet: 'SEGCANARY', associations: 0, gathering: 1, waiting: 0 },
      outbox: null,
    });
    const [record, ...others] = await open.records(1);
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      status: 'done',
      case: expect.stringMatching(/^ct-[0-9a-f]{12}$/),
      site: expect.stringMatching(/^site-[0-9a-f]{12}$/),
      scanner: 'ACME Scan 9 CT01 B40f',
      result: { verdict: expect.stringMatching(/-distribution$/), patches: 8 },
    });
    await sleep(300);
    expect(leftOf(open)).toEqual([]);
    const everything = [open.said.join(''), await open.metrics(), JSON.stringify(record), ...pathsIn(open.data)].join(
      '\n',
    );
    expect(everything).not.toMatch(/DOE|JANE|4711|North/i);
    expect(everything).not.toContain(seriesUid(200));
    expect(await open.metrics()).toContain('segcanary_dicom_objects_total{outcome="stored"} 36');
    expect(await open.json('/v1/detectors/chest/drift?scanner=ACME%20Scan%209%20CT01%20B40f')).toMatchObject({
      n: 1,
      scanner: 'ACME Scan 9 CT01 B40f',
      scanners: ['ACME Scan 9 CT01 B40f'],
    });
  });

  it('again is scored again; a file that comes twice counts once', async () => {
    const open = await door({}, fresh(), { siteNames: true });
    const files = writeSeries({ folder: fresh(), seed: 201 });
    await open.send([...files, ...files.slice(0, 5)]);
    const [first] = await open.records(1);
    expect(first).toMatchObject({ status: 'done', site: 'North' });
    await open.send(files);
    const [, second] = await open.records(2);
    expect(second.case).toBe(first.case);
    expect(second.result).toMatchObject({ score: (first.result as { score: number }).score });
  });

  it('and lacks a slice, or has no image, fails with a sentence', async () => {
    const open = await door();
    const files = writeSeries({ folder: fresh(), seed: 202 });
    await open.send(files.filter((_, i) => i !== 13));
    const path = join(fresh());
    const sopInstance = '1.2.3.4.5';
    const bytes = Buffer.concat([
      encodeFileMeta({ sopClass: RTSTRUCT, sopInstance, transferSyntax: EXPLICIT }),
      rtstructDataset('1.2.3', '1.2.3.4', sopInstance),
    ]);
    writeFileSync(path, bytes);
    await open.send([{ name: 'x', path, start: 0, length: bytes.length }]);
    const records = await open.records(2);
    expect(records.map(({ status }) => status)).toEqual(['failed', 'failed']);
    const errors = records.map(({ error }) => error);
    expect(errors).toContainEqual({
      code: 'series-inconsistent',
      message: expect.stringMatching(/^the series: .*gap|missing|10 mm/),
    });
    expect(errors).toContainEqual({
      code: 'scan-unsuitable',
      message: expect.stringMatching(/radiotherapy structure set/),
    });
    await sleep(300);
    expect(leftOf(open)).toEqual([]);
    expect(JSON.stringify(records)).not.toContain(open.data);
  });

  it('of a study waits for the others', async () => {
    const open = await door({ quiet: { by: 'study', study: 2 } });
    const study = '1.2.3.99';
    await open.send(writeSeries({ folder: fresh(), seed: 203, study }));
    await sleep(1200);
    await open.send(writeSeries({ folder: fresh(), seed: 204, study }));
    await sleep(1200);
    expect(await open.json('/v1/dicom')).toMatchObject({ door: { gathering: 2, waiting: 0 } });
    expect((await open.records(2)).map(({ status }) => status)).toEqual(['done', 'done']);
  });

  it('waits for a place where the queue is full, and is no refusal', async () => {
    const open = await door({}, fresh(), { queue: 0 });
    for (const seed of [205, 206, 207]) await open.send(writeSeries({ folder: fresh(), seed }));
    expect((await open.records(3)).map(({ status }) => status)).toEqual(['done', 'done', 'done']);
    expect(await open.metrics()).toContain('segcanary_refused_total 0');
  });

  it('outlives the process, whether it was whole or not', async () => {
    const data = fresh();
    const first = await door({ quiet: { series: 3 } }, data);
    const files = writeSeries({ folder: fresh(), seed: 208 });
    await first.send(files.slice(0, 20));
    await closed(first);
    const second = await door({ quiet: { series: 3 } }, data);
    expect(await second.json('/v1/dicom')).toMatchObject({ door: { gathering: 1 } });
    await second.send(files.slice(20));
    const [record, ...others] = await second.records(1);
    expect(record.status).toBe('done');
    expect(others).toEqual([]);
  });
});

it('a series that broke on our side is taken up again, and is not forgotten meanwhile', async () => {
  const open = await door({}, fresh());
  await open.send(writeSeries({ folder: fresh(), seed: 211, shape: [3, 72, 72] }));
  // What is known of its scans cannot be written down: a folder has the name of that file.
  const scoring = join(open.data, 'scoring');
  const incoming = join(open.data, 'incoming');
  mkdirSync(join(incoming, readdirSync(incoming)[0], '.records.json'));
  const [failed] = await open.records(1);
  expect(failed).toMatchObject({ status: 'failed', error: { code: 'io' } });
  expect(await open.json('/v1/dicom')).toMatchObject({ door: { waiting: 1 } });
  rmdirSync(join(scoring, readdirSync(scoring)[0], '.records.json'));
  const [, record] = await open.records(2);
  expect(record).toMatchObject({ status: 'done', case: failed.case });
  await until(async () => leftOf(open).length === 0);
});

it.each(['missing', 'a file'])('a series waits while the folder that it goes to is %s', async (what) => {
  const open = await door();
  await open.send(writeSeries({ folder: fresh(), seed: 212, shape: [3, 72, 72] }));
  const scoring = join(open.data, 'scoring');
  rmdirSync(scoring);
  if (what !== 'missing') writeFileSync(scoring, '');
  await until(async () => open.said.some((line) => line.includes('cannot write')));
  expect(await open.json('/v1/dicom')).toMatchObject({ door: { gathering: 1 } });
  rmSync(scoring, { force: true });
  mkdirSync(scoring);
  expect(await open.records(1)).toMatchObject([{ status: 'done' }]);
  await until(async () => leftOf(open).length === 0);
});

describe('results', () => {
  it('go to an archive when it is there, also after a restart, and are of this series', async () => {
    const taken = new Map<string, string>();
    const archive = createArchive(async ({ sopClass, sopInstance }) => {
      const parts: Buffer[] = [];
      return {
        write: async (bytes) => void parts.push(Buffer.from(bytes)),
        commit: async () => {
          taken.set(`${sopClass} ${sopInstance}`, Buffer.concat(parts).toString('latin1'));
          return 0;
        },
        discard: async () => {},
      };
    });
    const port = await freePort();
    const data = fresh();
    const given = { sendTo: `PACS@127.0.0.1:${port}` };
    const first = await door(given, data, { model: await openSegmentationModel(MODEL) });
    await first.send(writeSeries({ folder: fresh(), seed: 220 }));
    const [record] = await first.records(1);
    expect(record).toMatchObject({ status: 'done', result: { voxels: expect.anything() } });
    await until(async () => (await first.json<ServerDicom>('/v1/dicom')).outbox?.waiting === 1);
    const objects = () => pathsIn(join(data, 'outbox')).filter((path) => path.endsWith('.dcm'));
    expect(
      objects()
        .map((path) => path.replace(/.*_/, ''))
        .sort(),
    ).toEqual(['map.dcm', 'page.dcm', 'report.dcm', 'seg.dcm']);
    const waiting = await first.metrics();
    expect(waiting).toContain('segcanary_outbox_waiting 1');
    expect(waiting).toContain('segcanary_outbox_sent 0');
    await closed(first);
    archive.listen(port, '127.0.0.1');
    const second = await door(given, data);
    await until(async () => (await second.json<ServerDicom>('/v1/dicom')).outbox?.sent === 4);
    archive.close();
    expect([...taken.keys()].map((key) => key.split(' ')[0]).sort()).toEqual([
      '1.2.840.10008.5.1.4.1.1.30',
      '1.2.840.10008.5.1.4.1.1.66.4',
      '1.2.840.10008.5.1.4.1.1.7',
      '1.2.840.10008.5.1.4.1.1.88.34',
    ]);
    for (const object of taken.values()) {
      expect(object).toContain('DOE^JANE');
      expect(object).toContain(seriesUid(220));
    }
    await until(async () => leftOf(second).length === 0);
    expect(await second.records(1)).toHaveLength(1);
  });
});

it('results of a scan that a client removes are sent to nobody any more', async () => {
  const open = await door({ sendTo: `PACS@127.0.0.1:${await freePort()}` });
  await open.send(writeSeries({ folder: fresh(), seed: 221, shape: [3, 72, 72] }));
  const [{ id }] = await open.records(1);
  await until(async () => (await open.json<ServerDicom>('/v1/dicom')).outbox?.waiting === 1);
  expect(leftOf(open).length).toBeGreaterThan(3);
  expect(await open.remove(id)).toBe(204);
  expect(leftOf(open)).toEqual([]);
  expect(await open.json('/v1/dicom')).toMatchObject({ outbox: { waiting: 0, error: null } });
});

describe('a sender', () => {
  /** Sends files through a line that is cut after so many bytes; gives the codes of what failed. */
  async function sendCut(open: Door, files: readonly FileRange[], most: number): Promise<string[]> {
    let passed = 0;
    const relay = listener((socket) => {
      // Whoever is cut off tries again with the next file, and finds nobody.
      if (passed >= most) return socket.destroy();
      const through = connect(open.port, '127.0.0.1');
      through.pipe(socket).on('error', () => {});
      socket.on('data', (bytes) => {
        passed += bytes.length;
        if (passed < most) through.write(bytes);
        else through.destroy();
      });
      socket.on('error', () => {});
      through.on('close', () => socket.destroy()).on('error', () => {});
    });
    await new Promise<void>((go) => relay.listen(0, '127.0.0.1', go));
    const { port } = relay.address() as { port: number };
    const refused: string[] = [];
    await storeFiles(files, {
      peer: { aet: 'SEGCANARY', host: '127.0.0.1', port },
      calling: 'CT1',
      onFile: (_, error) => void (error && refused.push(error.code)),
    }).catch(() => {});
    relay.close();
    return refused;
  }

  it('that is cut off midway leaves no part of a file, and no result', async () => {
    const open = await door();
    const [file] = writeSeries({ folder: fresh(), seed: 209, shape: [1, 500, 500] });
    expect(await sendCut(open, [file], 200_000)).toEqual(['peer-failed']);
    await sleep(1500);
    expect(leftOf(open)).toEqual([]);
    expect(await open.json('/v1/scans')).toMatchObject({ scans: [] });
    expect(await open.metrics()).toMatch(/segcanary_dicom_associations_total\{end="(broken|closed)"\} 1/);
  });

  it('that is cut off between two files has no result until it has come again', async () => {
    const data = fresh();
    const open = await door({}, data);
    const files = writeSeries({ folder: fresh(), seed: 210, shape: [4, 200, 200] });
    await sendCut(open, files, 2.5 * 80_000);
    expect(pathsIn(join(data, 'incoming')).filter((path) => path.endsWith('.dcm')).length).toBeGreaterThan(0);
    await sleep(2500);
    expect(await open.json('/v1/scans')).toMatchObject({ scans: [] });
    // The process may end meanwhile.
    await closed(open);
    const again = await door({}, data);
    await sleep(2500);
    expect(await again.json('/v1/scans')).toMatchObject({ scans: [] });
    expect(await again.send(files)).toEqual([]);
    expect(await again.records(1)).toMatchObject([{ status: 'done' }]);
  });

  it('that is cut off and does not come again is reported', async () => {
    const open = await door({ quiet: { series: 1, most: 4 } });
    const files = writeSeries({ folder: fresh(), seed: 211, shape: [4, 200, 200] });
    await sendCut(open, files, 2.5 * 80_000);
    expect(await open.records(1)).toMatchObject([
      { status: 'failed', error: { code: 'truncated', message: expect.stringContaining('cut off') } },
    ]);
    expect(leftOf(open)).toEqual([]);
  });

  it('has to be allowed, by title and address, and to call us by our name', async () => {
    const open = await door({ allow: ['CT1@127.0.0.1', 'CT2@192.0.2.0/24'] });
    const contexts = [{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }];
    const opened = (aet: string, calling: string) =>
      Requestor.open({ peer: { aet, host: '127.0.0.1', port: open.port }, calling, contexts }).then(
        (requestor) => requestor.close().then(() => 'taken'),
        (error: Error) => error.message.replace(/^\S+ /, ''),
      );
    expect(await opened('SEGCANARY', 'CT1')).toBe('taken');
    expect(await opened('SEGCANARY', 'CT2')).toBe('refused the association: it does not know our AE title.');
    expect(await opened('SEGCANARY', 'EVIL')).toBe('refused the association: it does not know our AE title.');
    expect(await opened('OTHER', 'CT1')).toBe('refused the association: it has another AE title.');
    const said = open.said.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(said).toContain('An association of "EVIL" at 127.0.0.1 was refused: it is not among those that may send.');
    expect(said).toContain(
      'An association of "CT1" at 127.0.0.1 was refused: it calls "OTHER", and this is SEGCANARY.',
    );
  });

  it('is told when there are too many, and when the object is not what was announced', async () => {
    const open = await door({ associations: 1 });
    const peer = { aet: 'SEGCANARY', host: '127.0.0.1', port: open.port };
    const contexts = [{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }];
    const held = await Requestor.open({ peer, calling: 'CT1', contexts });
    await expect(Requestor.open({ peer, calling: 'CT1', contexts })).rejects.toThrow(/too many associations, for now/);
    await held.close();
    await sleep(100);
    const [file] = writeSeries({ folder: fresh(), seed: 210, shape: [1, 8, 8] });
    const bytes = readFileSync(file.path);
    const other = Buffer.from(`${bytes.toString('latin1').replace(/210\.7\.1/, '210.7.9')}`, 'latin1');
    writeFileSync(file.path, other);
    expect(await open.send([file])).toEqual(['0.dcm: was refused by the peer with the status A900.']);
    writeFileSync(file.path, other.subarray(0, 500));
    expect(await open.send([{ ...file, length: 500 }])).toEqual([
      '0.dcm: was refused by the peer with the status C000.',
    ]);
    await open.send([{ ...file, length: 500 }]);
    expect(leftOf(open)).toEqual([]);
    // Whoever runs the server is told why, and not for every object of a series.
    const said = open.said.map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(said.filter((line) => line.startsWith('An object'))).toEqual([
      'An object was refused with the status A900: it is another object, or of another class, than was announced.',
      expect.stringMatching(/^An object was refused with the status C000: the DICOM file ends within its header/),
    ]);
  });
});

it('is heard beside any number of connections that say nothing', async () => {
  const open = await door({}, fresh(), { limits: { seconds: 1e9 } });
  const peer = { aet: 'SEGCANARY', host: '127.0.0.1', port: open.port };
  const contexts = [{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }];
  const held = await Requestor.open({ peer, calling: 'CT1', contexts });
  const silent = Array.from({ length: 300 }, () => connect(open.port, '127.0.0.1').on('error', () => {}));
  await Promise.all(silent.map((socket) => new Promise((go) => socket.once('connect', go))));
  const other = await Requestor.open({ peer, calling: 'CT2', contexts });
  expect(await other.echo()).toBe(0);
  // An association is nothing that makes room.
  expect(await held.echo()).toBe(0);
  await Promise.all([other.close(), held.close()]);
  for (const socket of silent) socket.destroy();
  expect(open.said.join('')).not.toContain('broken off');
});

it.each([
  [{ dicom: { aet: 'X' }, data: null }, /`dicom` needs a data folder \(`data`\)/],
  [{ dicom: { aet: 'A TITLE TOO LONG FOR IT' } }, /AE title has 1 to 16/],
  [{ dicom: { aet: 'X', host: '0.0.0.0' } }, /Without `allow` anybody who reaches 0\.0\.0\.0/],
  [{ dicom: { aet: 'X', allow: ['CT1'] } }, /`allow` CT1: an AE title and a host belong together/],
  [{ dicom: { aet: 'X', allow: ['CT1@ct1.example'] } }, /the host is no address/],
  [{ dicom: { aet: 'X', sendTo: 'PACS' } }, /`sendTo` PACS: expected AET@HOST:PORT/],
  [{ dicom: { aet: 'X', sendTo: 'ftp://me:secret@pacs/' } }, /^`sendTo`: expected AET@HOST:PORT/],
  [{ dicom: { aet: 'X', quiet: { series: 0 } } }, /times and numbers are above 0/],
])('refuses %j', async ({ dicom, data }: { dicom: DicomOptions; data?: null }, message) => {
  const detectors = [join(inject('workshop'), 'detector')] as [string];
  const server = createServer({ detectors, dicom, ...(data === null ? {} : { data: fresh() }) });
  await expect(server).rejects.toMatchObject({ code: 'usage', message: expect.stringMatching(message) });
});
