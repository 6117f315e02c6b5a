import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { SegcanaryError } from '../../../src/errors.js';
import type { FileRange } from '../../../src/files/file-range.js';
import { type AcceptorOptions, acceptAssociation, type StoreRequest } from '../../../src/protocol/dimse/acceptor.js';
import { encodeAssociateRequest } from '../../../src/protocol/dimse/associate.js';
import { encodeCommand } from '../../../src/protocol/dimse/command-set.js';
import { encodeCommandValues, encodeDataValue } from '../../../src/protocol/dimse/data-values.js';
import { encodeFileMeta } from '../../../src/protocol/dimse/part10.js';
import { encodePdu, PDU, releaseRequest } from '../../../src/protocol/dimse/pdu.js';
import { REJECTIONS } from '../../../src/protocol/dimse/rejection.js';
import { Requestor } from '../../../src/protocol/dimse/requestor.js';
import { storeFiles } from '../../../src/protocol/dimse/store-files.js';
import { CT, ctDataset, EXPLICIT } from '../../support/dicom-bytes.js';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const folder = mkdtempSync(join(tmpdir(), 'segcanary-dimse-'));

interface Taken {
  readonly request: StoreRequest;
  readonly bytes: Buffer;
}

/** An acceptor that keeps what it takes in memory. */
async function acceptor(options: Partial<AcceptorOptions> = {}) {
  const taken: Taken[] = [];
  const ends: string[] = [];
  let discarded = 0;
  const server = createServer((socket) => {
    acceptAssociation(socket, {
      times: { request: 2, idle: 2, association: 20 },
      largest: 10_000_000,
      refuse: () => null,
      store: async (request) => {
        const parts: Buffer[] = [];
        return {
          write: async (bytes) => void parts.push(Buffer.from(bytes)),
          commit: async () => {
            taken.push({ request, bytes: Buffer.concat(parts) });
            return 0;
          },
          discard: async () => void discarded++,
        };
      },
      onError: (error) => ends.push(`error: ${(error as Error).message}`),
      ...options,
    }).then(
      (end) => ends.push(end),
      (error: Error) => ends.push(error.message),
    );
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    taken,
    ends,
    discarded: () => discarded,
    port,
    peer: { aet: 'SEGCANARY', host: '127.0.0.1', port },
    ended: async (count = 1) => {
      for (let i = 0; i < 400 && ends.length < count; i++) await new Promise((go) => setTimeout(go, 10));
      return ends;
    },
  };
}

function slice(
  n: number,
  rows = 8,
): { readonly file: FileRange; readonly dataset: Buffer; readonly sopInstance: string } {
  const sopInstance = `1.2.3.4.${n}`;
  const pixels = Int16Array.from({ length: rows * rows }, (_, i) => i * n);
  const dataset = ctDataset({ study: '1.2.3', series: '1.2.3.4', sopInstance, z: n, rows, columns: rows, pixels });
  const bytes = Buffer.concat([encodeFileMeta({ sopClass: CT, sopInstance, transferSyntax: EXPLICIT }), dataset]);
  const path = join(folder, `${n}-${rows}.dcm`);
  writeFileSync(path, bytes);
  return { file: { name: `${n}.dcm`, path, start: 0, length: bytes.length }, dataset, sopInstance };
}

/** What a peer sends that verifies and stores one slice. */
function session({ dataset, sopInstance }: ReturnType<typeof slice>, sopClass = CT): Buffer {
  const context = (id: number, abstractSyntax: string) => ({ id, abstractSyntax, transferSyntaxes: [EXPLICIT] });
  const echo = encodeCommand({ field: 0x30, messageId: 1, sopClass: '1.2.840.10008.1.1', hasDataset: false });
  const store = encodeCommand({ field: 1, messageId: 2, sopClass, sopInstance, hasDataset: true });
  const half = dataset.length / 2;
  return Buffer.concat([
    encodeAssociateRequest({
      called: 'SEGCANARY',
      calling: 'CT1',
      isVersion1: true,
      applicationContext: '1.2.840.10008.3.1.1.1',
      maxLength: 16384,
      implementation: { uid: '1.2.3', version: 'TEST' },
      contexts: [context(1, '1.2.840.10008.1.1'), context(3, CT)],
    }),
    encodeCommandValues(1, echo, 20),
    encodeCommandValues(3, store, 0),
    encodeDataValue({ context: 3, isCommand: false, isLast: false, bytes: dataset.subarray(0, half) }),
    encodeDataValue({ context: 3, isCommand: false, isLast: true, bytes: dataset.subarray(half) }),
    releaseRequest(),
  ]);
}

async function raw(
  port: number,
): Promise<{ readonly socket: Socket; readonly answers: Buffer[]; closed: Promise<unknown> }> {
  const socket = connect(port, '127.0.0.1');
  const answers: Buffer[] = [];
  socket.on('data', (bytes) => answers.push(bytes)).on('error', () => {});
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await once(socket, 'connect');
  return { socket, answers, closed };
}

describe('an association', () => {
  it('verifies, and stores files byte for byte', async () => {
    const { peer, taken, ended } = await acceptor();
    const requestor = await Requestor.open({
      peer,
      calling: 'CT1',
      contexts: [{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }],
    });
    expect(await requestor.echo()).toBe(0);
    await requestor.close();
    const slices = [slice(1), slice(2, 300), slice(3)];
    const told: [string, SegcanaryError | null][] = [];
    await storeFiles(
      slices.map(({ file }) => file),
      { peer, calling: 'CT1', onFile: (file, error) => void told.push([file.name, error]) },
    );
    expect(told).toEqual([
      ['1.dcm', null],
      ['2.dcm', null],
      ['3.dcm', null],
    ]);
    expect(taken.map(({ request }) => request)).toEqual(
      slices.map(({ sopInstance }) => ({ sopClass: CT, sopInstance, transferSyntax: EXPLICIT })),
    );
    for (const [i, { bytes }] of taken.entries()) expect(bytes.equals(slices[i].dataset)).toBe(true);
    expect(await ended(2)).toEqual(['released', 'released']);
  });

  it('is the same in pieces of any length', async () => {
    const { port, taken, ended } = await acceptor();
    const one = slice(4);
    const bytes = session(one);
    const cuts = [1, 7, 100, bytes.length];
    for (const cut of cuts) {
      const { socket, closed } = await raw(port);
      socket.setNoDelay(true);
      for (let at = 0; at < bytes.length; at += cut) {
        socket.write(bytes.subarray(at, at + cut));
        if (at % 50 === 0) await new Promise((go) => setImmediate(go));
      }
      await closed;
    }
    expect(await ended(cuts.length)).toEqual(cuts.map(() => 'released'));
    expect(taken.map((found) => found.bytes.equals(one.dataset))).toEqual(cuts.map(() => true));
  });

  it('that ends anywhere leaves no part of an object', async () => {
    const { port, taken, ended, discarded } = await acceptor();
    const bytes = session(slice(5));
    const lengths = Array.from({ length: 40 }, (_, i) => Math.floor((i / 40) * (bytes.length - 20)));
    for (const length of lengths) {
      const { socket, closed } = await raw(port);
      socket.end(bytes.subarray(0, length));
      await closed;
    }
    expect(await ended(lengths.length)).toHaveLength(lengths.length);
    expect(taken).toEqual([]);
    expect(discarded()).toBeGreaterThan(0);
  });

  it('stores nothing of another class than that of its context, and goes on', async () => {
    const { port, taken, ended } = await acceptor({ times: { request: 2, idle: 2, association: 1e9 } });
    const { socket, answers, closed } = await raw(port);
    socket.write(session(slice(8), '1.2.840.10008.5.1.4.1.1.4'));
    await closed;
    expect(taken).toEqual([]);
    expect(await ended()).toEqual(['released']);
    // Status (0000,0900) of the response: SOP class not supported.
    expect(Buffer.concat(answers).includes(Buffer.from('00000009020000002201', 'hex'))).toBe(true);
  });

  it('that claims 4 GB is closed at once, and others go on', async () => {
    const { port, ended, peer, taken } = await acceptor();
    const claim = Buffer.from([PDU.data, 0, 0xff, 0xff, 0xff, 0xff]);
    const first = session(slice(6));
    const established = first.subarray(0, 6 + first.readUInt32BE(2));
    const { socket, answers, closed } = await raw(port);
    socket.write(Buffer.concat([established, claim, Buffer.alloc(100_000)]));
    const begun = performance.now();
    await closed;
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(await ended()).toEqual([expect.stringMatching(/claims 4294967295 bytes/)]);
    expect(answers.length === 0 || Buffer.concat(answers)[0] === PDU.associateAccept).toBe(true);
    const { file } = slice(7);
    await storeFiles([file], { peer, calling: 'CT1', onFile: () => {} });
    expect(taken).toHaveLength(1);
  });

  it.each([
    ['callingAe', /it does not know our AE title/],
    ['calledAe', /it has another AE title/],
    ['localLimit', /too many associations, for now/],
  ] as const)('is refused for %s', async (reason, words) => {
    const { peer, ended } = await acceptor({ refuse: () => REJECTIONS[reason] });
    const contexts = [{ id: 1, abstractSyntax: CT, transferSyntaxes: [EXPLICIT] }];
    await expect(Requestor.open({ peer, calling: 'X', contexts })).rejects.toMatchObject({
      code: 'peer-failed',
      message: expect.stringMatching(words),
    });
    expect(await ended()).toEqual(['rejected']);
  });

  it('of another protocol or application is refused by number', async () => {
    const { port } = await acceptor();
    const bytes = session(slice(8));
    for (const [at, byte, expected] of [
      [7, 2, [1, 2, 2]],
      [6 + 68 + 4, 0x39, [1, 1, 2]],
    ] as const) {
      const wrong = Buffer.from(bytes.subarray(0, 6 + bytes.readUInt32BE(2)));
      wrong[at] = byte;
      const { socket, answers, closed } = await raw(port);
      socket.write(wrong);
      await once(socket, 'end');
      socket.end();
      await closed;
      expect([...Buffer.concat(answers)]).toEqual([3, 0, 0, 0, 0, 4, 0, ...expected]);
    }
  });

  it('refuses what is no storage, and takes what loses nothing first', async () => {
    const { peer, taken } = await acceptor();
    const [find, jpeg, own] = ['1.2.840.10008.5.1.4.1.2.2.1', '1.2.840.10008.1.2.4.50', '1.2.826.1'];
    const requestor = await Requestor.open({
      peer,
      calling: 'CT1',
      contexts: [
        { id: 1, abstractSyntax: find, transferSyntaxes: [EXPLICIT] },
        { id: 3, abstractSyntax: CT, transferSyntaxes: [own, jpeg, EXPLICIT] },
        { id: 5, abstractSyntax: CT, transferSyntaxes: [own] },
        { id: 7, abstractSyntax: CT, transferSyntaxes: [jpeg] },
      ],
    });
    const takes = (sopClass: string, transferSyntax: string) => requestor.takes({ sopClass, transferSyntax });
    expect([takes(find, EXPLICIT), takes(CT, EXPLICIT), takes(CT, own), takes(CT, jpeg)]).toEqual([
      false,
      true,
      false,
      true,
    ]);
    await requestor.close();
    expect(taken).toEqual([]);
  });

  it('tells a sender that the disk is full, file by file, and goes on', async () => {
    let count = 0;
    const { peer, ends } = await acceptor({
      store: async () => {
        if (++count === 2) throw new Error('no room to begin');
        const full = count === 1;
        return {
          write: async () => {
            if (full) throw new Error('no room');
          },
          commit: async () => 0,
          discard: async () => {},
        };
      },
    });
    const told: (string | null)[] = [];
    await storeFiles([slice(1).file, slice(2).file, slice(3).file], {
      peer,
      calling: 'CT1',
      onFile: (_, error) => void told.push(error?.message ?? null),
    });
    expect(told).toEqual([
      '1.dcm: was refused by the peer with the status A700.',
      '2.dcm: was refused by the peer with the status A700.',
      null,
    ]);
    expect(ends.slice(0, 2)).toEqual(['error: no room', 'error: no room to begin']);
  });

  it('waits for a slow disk and holds no more than a few fragments', async () => {
    let held = 0;
    let most = 0;
    const { peer } = await acceptor({
      store: async () => ({
        write: async (bytes) => {
          held += bytes.length;
          most = Math.max(most, held);
          await new Promise((go) => setTimeout(go, 5));
          held -= bytes.length;
        },
        commit: async () => 0,
        discard: async () => {},
      }),
    });
    await storeFiles([slice(9, 1000).file], { peer, calling: 'CT1', onFile: () => {} });
    expect(most).toBeLessThanOrEqual(131_072);
  });

  it('is given up where nothing comes, and where it takes too long', async () => {
    const silent = await acceptor({ times: { request: 0.2, idle: 5, association: 5 } });
    const { closed } = await raw(silent.port);
    await closed;
    expect(await silent.ended()).toEqual(['The request of an association took more than 0.2 s.']);
    const idle = await acceptor({ times: { request: 5, idle: 0.2, association: 5 } });
    const bytes = session(slice(10));
    const second = await raw(idle.port);
    second.socket.write(bytes.subarray(0, bytes.length - 500));
    await second.closed;
    expect(await idle.ended()).toEqual(['No byte came for 0.2 s.']);
    expect(Buffer.concat(second.answers).at(-10)).toBe(PDU.abort);
  });

  it('answers operations that it has not', async () => {
    const { port } = await acceptor();
    const bytes = session(slice(11));
    const { socket, answers } = await raw(port);
    const find = encodeCommand({ field: 0x20, messageId: 9, sopClass: CT, hasDataset: true });
    socket.write(bytes.subarray(0, 6 + bytes.readUInt32BE(2)));
    socket.write(encodeCommandValues(3, find, 0));
    socket.write(encodeDataValue({ context: 3, isCommand: false, isLast: true, bytes: Buffer.alloc(20) }));
    socket.write(releaseRequest());
    await once(socket, 'end');
    socket.end();
    const said = Buffer.concat(answers).toString('hex');
    // Status (0000,0900), US, of two bytes: 0211.
    expect(said).toContain('00000009020000001102');
    expect(said.endsWith(encodePdu(PDU.releaseReply, Buffer.alloc(4)).toString('hex'))).toBe(true);
  });
});
