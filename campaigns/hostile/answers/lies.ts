import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { encodeEvent } from '../../../src/protocol/events.js';
import { RIGHT_DETECTOR, RIGHT_DRIFT, RIGHT_RECORD, RIGHT_SCORE } from '../../../test/support/answers.js';
import { MIXED, mixed } from '../../../test/support/lying-server.js';
import type { Dice } from '../../dice.js';
import { mutateBytes } from '../../fuzz/mutate/bytes.js';
import { mutateJson } from '../../fuzz/mutate/json.js';

/** What a client asks for. */
export type Asked = 'score' | 'image' | 'detectors' | 'record' | 'records' | 'drift' | 'events' | 'later';
export const ASKED: readonly Asked[] = [
  'score',
  'score',
  'score',
  'image',
  'image',
  'detectors',
  'record',
  'records',
  'drift',
  'events',
  'later',
];

export const IMAGE = gzipSync(Buffer.from('what stands for an image'.repeat(40)));
const RIGHT_EVENTS = `${encodeEvent('progress', { patches: 1, total: 2 })}${encodeEvent('done', RIGHT_RECORD)}`;

/** What a right server says. */
export const RIGHT: Readonly<Record<Asked, unknown>> = {
  score: RIGHT_SCORE,
  image: RIGHT_SCORE,
  detectors: [RIGHT_DETECTOR],
  record: RIGHT_RECORD,
  records: { scans: [RIGHT_RECORD], next: null },
  drift: RIGHT_DRIFT,
  events: RIGHT_EVENTS,
  later: RIGHT_RECORD,
};

/** One wrong answer: what it is, and how it is sent. */
export interface Lie {
  readonly what: string;
  send(response: ServerResponse): void | Promise<void>;
}

/** The body of a right answer, with its score or record as this text. */
export function bodyOf(asked: Asked, text: string): Uint8Array {
  if (asked === 'image')
    return mixed([
      ['uncertainty', IMAGE],
      ['result', text],
    ]);
  return Buffer.from(text);
}
const rightText = (asked: Asked): string => (asked === 'events' ? RIGHT_EVENTS : JSON.stringify(RIGHT[asked]));
const typeOf = (asked: Asked): string => (asked === 'image' ? MIXED : 'application/json');

/** The status of a right answer. */
const dueOf = (asked: Asked): number => (asked === 'later' ? 202 : 200);

export const plainly = (
  what: string,
  asked: Asked,
  body: Uint8Array,
  status = dueOf(asked),
  type = typeOf(asked),
): Lie => ({
  what,
  send: (response) => void response.writeHead(status, { 'content-type': type }).end(body),
});

/** Values of the right kind that say something else. */
const others: Readonly<Record<string, readonly unknown[]>> = {
  case: ['../../pwned', '', 'scan/', 'SCAN', '/etc/passwd', 'scan\u0000', '..'],
  score: [9e9, -1, 5.000001, 1e308, 0, 4.5, 6.5],
  verdict: ['out-of-distribution', 'uncalibrated', 'banana', '', 'IN-DISTRIBUTION'],
  boundary: [0, 3.9, 9e99, null, 6, -1],
  pValue: [0, -0.3, 1.3, 1, 0.05, 0.301, null],
  uncertainty: [0, 1, 2, -1, null, 0.5],
  patches: [0, -8, 1.5, 9],
  detector: ['sha256:other', null, ''],
  worstPatch: [null, {}, { distance: 1, centre: [] }],
  warnings: [null, {}, [{ code: 'x' }], []],
  trust: ['yes', 'no', 'banana'],
  quality: [{}, { dice: 2, atLeast: null, level: null, perLabel: {}, note: null }],
};

/** A score of which one or two fields say something else. */
function contradicting(asked: Asked, dice: Dice): Lie {
  const score: Record<string, unknown> = { ...RIGHT_SCORE };
  const changed = Array.from({ length: dice.int(1, 2) }, () => dice.pick(Object.keys(others)));
  for (const field of changed) {
    if (dice.chance(0.15)) delete score[field];
    else score[field] = dice.pick(others[field]);
  }
  const record = { ...RIGHT_RECORD, result: score };
  const value = { score, image: score, record, later: record, records: { scans: [RIGHT_RECORD, record], next: null } };
  const text =
    asked === 'events'
      ? encodeEvent('done', record)
      : JSON.stringify(asked in value ? value[asked as keyof typeof value] : score);
  return plainly(`${asked}: another ${changed.join(' and ')}`, asked, bodyOf(asked, text));
}

function harmedJson(asked: Asked, dice: Dice): Lie {
  const text =
    asked === 'events'
      ? RIGHT_EVENTS.replace(/\{.*\}$/m, () => mutateJson(JSON.stringify(RIGHT_RECORD), dice))
      : mutateJson(rightText(asked), dice);
  return plainly(`${asked}: harmed JSON`, asked, bodyOf(asked, text));
}

const harmedBytes = (asked: Asked, dice: Dice): Lie =>
  plainly(`${asked}: harmed bytes`, asked, mutateBytes(bodyOf(asked, rightText(asked)), dice));

/** Another status, or an error that is none. */
function otherStatus(asked: Asked, dice: Dice): Lie {
  const status = dice.pick([201, 202, 204, 206, 301, 302, 304, 400, 401, 404, 413, 422, 429, 500, 502, 503]);
  const error = JSON.stringify({ error: { code: 'usage', message: `scan: no \`volume\`.`, option: 'volume' } });
  const body = dice.pick([rightText(asked), error, mutateJson(error, dice), '', '<html>no</html>', 'null', '[]', '1']);
  return plainly(`${asked}: status ${status}`, asked, Buffer.from(body), status);
}

const otherType = (asked: Asked, dice: Dice): Lie => {
  const type = dice.pick([
    'text/html',
    'application/octet-stream',
    '',
    'multipart/mixed',
    'multipart/mixed; boundary=""',
    'multipart/mixed; boundary="c"',
    'multipart/mixed; boundary=b; boundary=c',
    'application/json; charset=utf-16',
  ]);
  return plainly(`${asked}: type ${type}`, asked, bodyOf(asked, rightText(asked)), dueOf(asked), type);
};

/** Parts that are missing, twice, in another order, without an end. */
function otherParts(_asked: Asked, dice: Dice): Lie {
  const image = ['uncertainty', IMAGE] as const;
  const result = ['result', JSON.stringify(RIGHT_SCORE)] as const;
  const failure = ['result', JSON.stringify({ error: { code: 'truncated', message: 'scan: it ends.' } })] as const;
  const long = Buffer.alloc(40_000, 'x');
  const [what, body] = dice.pick([
    ['in another order', mixed([result, image])],
    ['no image', mixed([result])],
    ['no result', mixed([image])],
    ['two results', mixed([image, result, result])],
    ['two images', mixed([image, image, result])],
    ['an image of no gzip', mixed([['uncertainty', 'banana'], result])],
    ['half an image', mixed([['uncertainty', IMAGE.subarray(0, 30)], result])],
    ['half an image and an error', mixed([['uncertainty', IMAGE.subarray(0, 30)], failure])],
    ['another part', mixed([image, ['segmentation', IMAGE], result])],
    ['a part without a name', mixed([['', IMAGE], result])],
    ['a path for a name', mixed([['../../pwned', IMAGE], result])],
    ['an endless head', Buffer.concat([Buffer.from('\r\n--b\r\nContent-Disposition: '), long])],
    ['much before the first part', Buffer.concat([long, mixed([image, result])])],
    ['much behind the last', Buffer.concat([mixed([image, result]), long])],
    ['little behind the last', Buffer.concat([mixed([image, result]), Buffer.from('bye')])],
    ['no last boundary', mixed([image, result]).subarray(0, -8)],
  ] as const);
  return plainly(`image: ${what}`, 'image', body);
}

/** A right answer that stops, dribbles, or comes in another coding. */
function otherPace(asked: Asked, dice: Dice): Lie {
  const body = bodyOf(asked, rightText(asked));
  const type = { 'content-type': typeOf(asked) };
  const due = dueOf(asked);
  const cut = dice.int(0, body.length - 1);
  const lies: readonly Lie[] = [
    {
      what: 'hangs up',
      send: async (response) => {
        response.writeHead(due, { ...type, 'content-length': body.length }).write(body.subarray(0, cut));
        await wait(2);
        response.destroy();
      },
    },
    {
      what: 'breaks its chunks off',
      send: async (response) => {
        response.writeHead(due, type).write(body.subarray(0, cut));
        await wait(2);
        response.destroy();
      },
    },
    { what: 'says less than it sends', send: (response) => void response.socket?.end(raw(due, body, cut)) },
    { what: 'says more than it sends', send: (response) => void response.socket?.end(raw(due, body, body.length + 7)) },
    { what: 'is no HTTP', send: (response) => void response.socket?.end('banana\r\n\r\n') },
    {
      what: 'has an endless head',
      send: (response) => void response.socket?.end(`HTTP/1.1 200 OK\r\nx: ${'y'.repeat(99_999)}`),
    },
    { what: 'closes without a word', send: (response) => void response.socket?.destroy() },
    {
      what: 'is packed and does not ask',
      send: (response) => void response.writeHead(due, { ...type, 'content-encoding': 'gzip' }).end(gzipSync(body)),
    },
    {
      what: 'begins with a byte order mark',
      send: (response) => void response.writeHead(due, type).end(Buffer.concat([Buffer.from('\ufeff'), body])),
    },
    {
      what: 'is UTF-16',
      send: (response) => void response.writeHead(due, type).end(Buffer.from(rightText(asked), 'utf16le')),
    },
    {
      what: 'comes byte by byte',
      send: async (response) => {
        response.writeHead(due, type);
        for (const byte of body) response.write(Uint8Array.of(byte));
        await wait(5);
        response.end();
      },
    },
    {
      what: 'is slow',
      send: async (response) => {
        await wait(20);
        response.writeHead(due, type);
        for (const part of [body.subarray(0, cut), body.subarray(cut)]) {
          response.write(part);
          await wait(20);
        }
        response.end();
      },
    },
  ];
  const lie = dice.pick(lies);
  return { ...lie, what: `${asked}: ${lie.what}` };
}

const raw = (status: number, body: Uint8Array, length: number) =>
  Buffer.concat([Buffer.from(`HTTP/1.1 ${status} OK\r\ncontent-length: ${length}\r\n\r\n`), body]);

const kinds = [contradicting, contradicting, harmedJson, harmedJson, harmedBytes, otherStatus, otherType, otherPace];

/** A wrong answer, or a right one in an odd way. */
export function lieTo(asked: Asked, dice: Dice): Lie {
  if (asked === 'image' && dice.chance(0.3)) return otherParts(asked, dice);
  return dice.pick(kinds)(asked, dice);
}
