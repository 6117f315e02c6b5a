import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { TestServer } from '../../../test/support/server.js';
import type { Dice } from '../../dice.js';
import type { Attack, Ring, Trial } from '../attack.js';

/** Rounds of the whole campaign. */
const ROUNDS = 9;
/** Seconds that a sender is lent, and the bytes a second that it has to give. */
const STALL = 4;
const THROUGHPUT = 2000;

const KINDS = ['drip', 'chunks', 'form', 'later', 'half', 'stop', 'close', 'enough'] as const;
type Kind = (typeof KINDS)[number];

/** What a kind of sender has to be answered with; null where it goes before it can be. */
const DUE: Readonly<Record<Kind, number | null>> = {
  drip: 408,
  chunks: 408,
  form: 408,
  later: 408,
  half: 408,
  stop: 408,
  close: null,
  enough: 200,
};

/**
 * Senders that are slow, stop or go, several at a time: each is ended in time and leaves nothing,
 * and a scan that is sent beside them is answered while they still hold on.
 */
export const senders: Attack = {
  name: 'senders',
  async *run({ lab, folder, dice, share }: Ring): AsyncGenerator<Trial> {
    const [path = ''] = lab.scans;
    const scan = readFileSync(path);
    const data = join(folder, 'data');
    const limits = ['--limits', `stall=${STALL}`, `throughput=${THROUGHPUT}`];
    const server = await TestServer.start(['-d', lab.detector, '--threads', '1', '--data', data, ...limits]);
    try {
      const expected = await scoreOf(server, scan);
      for (let round = 0; round < Math.max(2, Math.ceil(ROUNDS * share)); round++) {
        const kinds = Array.from({ length: dice.int(1, 5) }, () => dice.pick(KINDS));
        // The one that has always to be there, since it is what held the only slot.
        if (!kinds.includes('drip')) kinds.push('drip');
        yield* roundOf({ server, scan, kinds, dice, round, expected, data });
      }
      if ((await server.stop()) !== 0) yield finding('the end', 'the server did not end with 0');
    } finally {
      await server.stop('SIGKILL');
    }
  },
};

interface Round {
  readonly server: TestServer;
  readonly scan: Buffer;
  readonly kinds: readonly Kind[];
  readonly dice: Dice;
  readonly round: number;
  readonly expected: number;
  readonly data: string;
}

async function* roundOf({ server, scan, kinds, dice, round, expected, data }: Round): AsyncGenerator<Trial> {
  const slow = kinds.map((kind) => new Sender(server, kind, scan, dice));
  await wait(300);
  const what = `round ${round}, beside ${kinds.join(', ')}`;
  const score = await scoreOf(server, scan);
  // A turn that was held by one that drips would come when that one has been ended.
  const isHeld = slow.some(({ kind, isAnswered }) => kind === 'drip' && isAnswered);
  if (score !== expected) yield finding(what, `the fast scan was scored ${score} for ${expected}`);
  else if (isHeld) yield finding(what, 'the fast scan waited for a slow one');
  else yield { what, outcome: 'harmless', why: 'the fast scan was answered first' };
  for (const [i, sender] of slow.entries()) {
    const status = await sender.status();
    const due = DUE[sender.kind];
    const told = `${what}: sender ${i}, ${sender.kind}`;
    if (status !== due) yield finding(told, `answered ${status} for ${due}`);
    else if (due === 408) yield { what: told, outcome: 'refused', why: 'timed-out' };
    else yield { what: told, outcome: 'harmless', why: due === null ? 'gone' : 'slow and fast enough' };
  }
  const free = /^segcanary_queue_length 0\nsegcanary_scans_running 0$/m;
  const queue = async () =>
    (await (await server.fetch('/metrics')).text())
      .split('\n')
      .filter((line) => /^segcanary_(queue|scans_r)/.test(line));
  for (let tries = 0; tries < 50 && !free.test((await queue()).join('\n')); tries++) await wait(100);
  const left = readdirSync(join(data, 'uploads'));
  if (!free.test((await queue()).join('\n'))) yield finding(what, 'a place is still held');
  else if (left.length > 0) yield finding(what, `${left.length} folders of uploads are left`);
}

/** One sender on a connection of its own. */
class Sender {
  readonly kind: Kind;
  readonly #socket: Socket;
  readonly #closed: Promise<unknown>;
  #answer = '';

  constructor(server: TestServer, kind: Kind, scan: Buffer, dice: Dice) {
    this.kind = kind;
    const { hostname, port } = new URL(server.url);
    this.#socket = connect(Number(port), hostname).on('error', () => {});
    this.#socket.setEncoding('latin1').on('data', (text: string) => {
      this.#answer += text;
    });
    this.#closed = once(this.#socket, 'close');
    this.#send(kind, scan, dice).catch(() => {});
  }

  get isAnswered(): boolean {
    return this.#answer !== '';
  }

  /** The status of the answer; null where there was none. */
  async status(): Promise<number | null> {
    await Promise.race([this.#closed, wait(60_000, null, { ref: false })]);
    this.#socket.destroy();
    const [, status] = /^HTTP\/1\.1 (\d+)/.exec(this.#answer) ?? [];
    return status === undefined ? null : Number(status);
  }

  async #send(kind: Kind, scan: Buffer, dice: Dice): Promise<void> {
    const isForm = kind === 'form';
    const isChunked = kind === 'chunks' || isForm;
    const type = isForm ? 'multipart/form-data; boundary=b' : 'application/gzip';
    const length = isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${scan.length}`;
    const prefer = kind === 'later' ? 'Prefer: respond-async\r\n' : '';
    this.#socket.write(
      `POST /v1/scans?case=${kind} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${prefer}Content-Type: ${type}\r\n${length}\r\n\r\n`,
    );
    const write = (bytes: Buffer) => {
      if (isChunked) this.#socket.write(`${bytes.length.toString(16)}\r\n`);
      this.#socket.write(bytes);
      if (isChunked) this.#socket.write('\r\n');
    };
    if (isForm) write(Buffer.from('--b\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n'));
    if (kind === 'stop' || kind === 'close') write(scan.subarray(0, dice.int(0, scan.length - 1)));
    if (kind === 'stop') return;
    if (kind === 'close') {
      await wait(dice.int(0, 500));
      this.#socket.destroy();
      return;
    }
    // What is sent in a fifth of a second: a byte, half of what is asked, or more than is.
    const each = kind === 'enough' ? THROUGHPUT / 2 : kind === 'half' ? THROUGHPUT / 10 : 1;
    for (let at = 0; at < scan.length && !this.#socket.destroyed && !this.isAnswered; at += each) {
      write(scan.subarray(at, at + each));
      await wait(200);
    }
  }
}

async function scoreOf(server: TestServer, scan: Buffer): Promise<number> {
  const { score } = (await (await server.post('case=fast', scan)).json()) as { score: number };
  return score;
}

const finding = (what: string, why: string): Trial => ({ what, outcome: 'finding', why });
