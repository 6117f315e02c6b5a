import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { errorBody } from '../../../src/protocol/error-schema.js';
import { TestServer } from '../../../test/support/server.js';
import type { Dice } from '../../dice.js';
import type { Attack, Ring, Trial } from '../attack.js';

/** Requests that are changed at random, in the whole campaign. */
const CHANGED = 1000;
/** Requests behind which a good one is asked. */
const BATCH = 100;

/** Milliseconds without an answer behind which a connection is ended. */
const PATIENCE = 1000;

const HEAD = 'Host: localhost\r\nConnection: close\r\n';
const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\n${HEAD}${more}\r\n`;
const post = (more: string, body: string) => `POST /v1/scans HTTP/1.1\r\n${HEAD}${more}\r\n${body}`;
const gzip = 'Content-Type: application/gzip\r\n';

/** Heads that break one rule each. */
const HEADS: readonly string[] = [
  'Dear diary\r\n\r\n',
  '\0\0\0\0\r\n\r\n',
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'GET\r\n\r\n',
  'GET / HTTP/9.9\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  'GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n',
  'GET /healthz HTTP/1.0\r\n\r\n',
  'CONNECT example.org:443 HTTP/1.1\r\nHost: example.org\r\n\r\n',
  'OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
  get('/healthz', 'Expect: tea\r\n'),
  get('/healthz', 'Upgrade: websocket\r\n'),
  get('/healthz', ' folded: header\r\n'),
  get('/healthz', 'no colon\r\n'),
  get('/healthz', 'X: a\0b\r\n'),
  get('/healthz', `X: ${'a'.repeat(20_000)}\r\n`),
  get('/healthz', 'X: a\r\n'.repeat(4000)),
  get('/healthz', 'Origin: null\r\n'),
  get('/healthz', 'Origin: https://evil.example\r\n'),
  get(`/${'a'.repeat(17_000)}`),
  get('/healthz', 'Content-Length: -1\r\n'),
  get('/healthz', 'Content-Length: 1, 2\r\n'),
  get('/healthz', 'Content-Length: 3\r\nContent-Length: 4\r\n'),
  post(`${gzip}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n`, 'abc'),
  post(`${gzip}Transfer-Encoding: gzip\r\n`, 'abc'),
  post(`${gzip}Transfer-Encoding: chunked\r\n`, 'ZZ\r\nabc\r\n'),
  post(`${gzip}Transfer-Encoding: chunked\r\n`, '3\r\nabcd\r\n0\r\n\r\n'),
  post(`${gzip}Transfer-Encoding: chunked\r\n`, `3;${'x'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`),
  post(`${gzip}Content-Length: 99999999999999999999\r\n`, 'abc'),
];

const ODD = [
  '..%2f',
  '%2e%2e%2f',
  '..%5c',
  '%00',
  'a%00.css',
  '..%252f',
  '%c0%ae%c0%ae/',
  '..;/',
  '%ff',
  '%zz',
  '~',
  '//',
  '%0d%0aX-Evil:%201',
];
const STARTS = ['/', '/assets/', '/docs/', '/docs/static/', '/v1/scans/', '/v1/detectors/'];
const TYPES = [
  'text/plain',
  'application/json',
  'multipart/form-data',
  'multipart/form-data; boundary=',
  'a',
  '/',
  '',
  'application/gzip; x="',
  'multipart/mixed; boundary=b',
  '\u00e9',
];

/**
 * Requests as no client sends them, on raw connections: each is answered in the documented form or
 * the connection is closed on half a request, no header comes from a sender, and the server answers
 * the next one.
 */
export const requests: Attack = {
  name: 'requests',
  async *run({ lab, dice, share }: Ring): AsyncGenerator<Trial> {
    const scan = readFileSync(lab.scans[0] ?? '');
    const server = await TestServer.start(['-d', lab.detector, '--threads', '1', '--limits', 'stall=2']);
    const expected = await (await server.post('case=good', scan)).text();
    let sent = 0;
    try {
      const all = [...HEADS, ...paths(), ...types(), ...changed(scan, dice, Math.ceil(CHANGED * share))];
      while (sent < all.length) {
        yield* await Promise.all(all.slice(sent, sent + BATCH).map((bytes) => tried(server, bytes)));
        sent += BATCH;
        const answer = await server.post('case=good', scan);
        if ((await answer.text()) !== expected)
          yield finding(`after ${sent} requests`, 'a good scan is scored otherwise');
      }
      yield* names(server, scan);
      if ((await server.stop()) !== 0) yield finding('the end', 'the server did not end with 0');
      if (/Error: |\n\s+at /.test(server.stderr)) yield finding('the log', server.stderr.slice(-500));
    } finally {
      await server.stop('SIGKILL');
    }
  },
};

function* paths(): Generator<string> {
  for (const start of STARTS) for (const odd of ODD) yield get(start + odd);
}

function* types(): Generator<string> {
  for (const type of TYPES) yield post(`Content-Type: ${type}\r\nContent-Length: 3\r\n`, 'abc');
  yield post('Content-Length: 3\r\n', 'abc');
}

/** Good requests with a few bytes changed, left out or doubled. */
function* changed(scan: Buffer, dice: Dice, count: number): Generator<string> {
  const body = scan.subarray(0, 400).toString('latin1');
  const good = [
    get('/healthz'),
    get('/v1/scans?limit=1'),
    get('/docs/static/logo.svg'),
    post(`${gzip}Content-Length: 400\r\n`, body),
    post(`${gzip}Transfer-Encoding: chunked\r\n`, `190\r\n${body}\r\n0\r\n\r\n`),
  ];
  for (let i = 0; i < count; i++) {
    let bytes = dice.pick(good);
    for (let change = dice.int(1, 4); change > 0; change--) {
      const at = dice.int(0, Math.min(bytes.length - 1, 200));
      const [before, after] = [bytes.slice(0, at), bytes.slice(at + 1)];
      const one = bytes.charAt(at);
      const other = dice.pick([String.fromCharCode(dice.int(0, 255)), '', one + one, '\r\n', ' ', ':', '%']);
      bytes = before + other + after;
    }
    yield bytes;
  }
}

/** Names that a header must not be made of, in the answers that quote them. */
async function* names(server: TestServer, scan: Buffer): AsyncGenerator<Trial> {
  for (const name of [
    'a"; name="result',
    "it's",
    'ä ö',
    '..',
    'a;b=c',
    '%22',
    'a\u202egz.iin',
    '💥',
    'x'.repeat(200),
  ]) {
    const what = `a case called ${JSON.stringify(name).slice(0, 40)}`;
    const response = await server.post(`mask=1&case=${encodeURIComponent(name)}`, scan);
    const text = Buffer.from(await response.arrayBuffer()).toString('latin1');
    const lines = text.match(/^Content-Disposition: .*$/gm) ?? [];
    const isSafe = lines.every((line) =>
      /^Content-Disposition: attachment; name="(uncertainty|result)"(; filename="[\w .-]+"(; filename\*=UTF-8''[\w.%-]+)?)?\r?$/.test(
        line,
      ),
    );
    if (response.status === 200 && lines.length === 2 && isSafe) yield { what, outcome: 'harmless', why: 'quoted' };
    else yield finding(what, `${response.status}: ${lines.join(' ').slice(0, 300)}`);
  }
}

async function tried(server: TestServer, bytes: string): Promise<Trial> {
  const what = JSON.stringify(bytes.slice(0, 120));
  const text = await answerTo(server, bytes);
  if (text === null) return finding(what, 'neither answered nor closed after 30 s');
  // Half a scan has no answer: its sender has gone.
  if (text === '')
    return bytes.startsWith('POST')
      ? { what, outcome: 'harmless', why: 'closed on half a scan' }
      : finding(what, 'closed without an answer');
  const answers = text.split(/(?=HTTP\/1\.1 \d{3} )/);
  for (const answer of answers) {
    const [, status = '', ...rest] = /^HTTP\/1\.1 (\d{3}) /.exec(answer) ?? [];
    if (status === '' || rest.length > 0) return finding(what, `no answer of HTTP: ${answer.slice(0, 200)}`);
    if (/^x-evil/im.test(answer)) return finding(what, 'a header came from the sender');
    if (Number(status) < 400) continue;
    const problem = shapeOf(answer);
    if (problem) return finding(what, `${status}: ${problem}`);
    if (status === '500') return finding(what, `answered 500: ${answer.slice(-300)}`);
  }
  const [first = ''] = answers;
  const status = Number(first.slice(9, 12));
  return status < 400
    ? { what, outcome: 'harmless', why: `answered ${status}` }
    : { what, outcome: 'refused', why: `${status} ${/"code":"([^"]*)"/.exec(first)?.[1]}` };
}

/** What is wrong with the body of an error; null where it has the documented form. */
function shapeOf(answer: string): string | null {
  const at = answer.indexOf('\r\n\r\n');
  const [head, body] = [answer.slice(0, at), answer.slice(at + 4)];
  if (!/\r\ncontent-type: application\/json/i.test(head)) return `no JSON: ${head.slice(0, 200)}`;
  if (!/\r\nx-content-type-options: nosniff/i.test(head)) return 'without nosniff';
  try {
    const { error } = errorBody.parse(JSON.parse(body));
    if (!/^[^\n]+\.$/.test(error.message)) return `no sentence: ${error.message}`;
    return /node_modules|\.js:\d/.test(error.message) ? `tells of the inside: ${error.message}` : null;
  } catch (error) {
    return `another form: ${body.slice(0, 200)} (${(error as Error).name})`;
  }
}

/** All that comes back before the connection is closed; null where it stays open. */
async function answerTo(server: TestServer, bytes: string): Promise<string | null> {
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname).on('error', () => {});
  let text = '';
  socket.setEncoding('latin1').on('data', (piece: string) => {
    text += piece;
  });
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  socket.write(bytes, 'latin1');
  // A server that waits for the rest is told that none will come.
  let heard = -1;
  const ending = setInterval(() => {
    if (heard === text.length) socket.end();
    heard = text.length;
  }, PATIENCE);
  socket.once('close', () => clearInterval(ending));
  const answered = await Promise.race([closed, wait(30_000, null, { ref: false })]);
  socket.destroy();
  return answered;
}

const finding = (what: string, why: string): Trial => ({ what, outcome: 'finding', why });
