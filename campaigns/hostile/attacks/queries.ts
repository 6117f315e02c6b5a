import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeScan } from '../../../test/support/scans.js';
import { TestServer } from '../../../test/support/server.js';
import type { Dice } from '../../dice.js';
import type { Attack, Outcome, Trial } from '../attack.js';

/** Queries at share 1. */
const QUERIES = 4000;

interface Route {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Its parameters, each with a value that it takes. */
  readonly values: Readonly<Record<string, string>>;
}

const ROUTES: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/scans',
    values: {
      detector: 'other',
      case: 'mine',
      site: 'North',
      scanner: 'S1',
      volume: '0',
      mask: '0',
      segment: '0',
      explain: '0',
    },
  },
  {
    method: 'GET',
    path: '/v1/scans',
    values: {
      detector: 'other',
      site: 'North',
      scanner: 'S1',
      verdict: 'in-distribution',
      status: 'done',
      from: '2026-01-02T03:04:05Z',
      to: '2036-01-02T03:04:05Z',
      limit: '3',
      before: '01a20923-6d53-7000-8e92-ba261ff4a21d',
    },
  },
  { method: 'GET', path: '/v1/detectors/other/drift', values: { site: 'North' } },
];

/**
 * Queries that nearly are what they seem: names mistyped, given twice, empty, oddly encoded. A
 * server refuses what it does not understand, in the documented shape, and scores nothing by a
 * default.
 */
export const queries: Attack = {
  name: 'queries',
  async *run({ lab, folder, dice, share }) {
    const scan = readFileSync(await writeScan({ path: join(folder, 'scan.nii.gz'), seed: 7, shape: [12, 24, 24] }));
    const server = await TestServer.here({ detectors: [`small=${lab.fitted}`, `other=${lab.detector}`] });
    try {
      for (let i = 0; i < Math.max(60, QUERIES * share); i++) yield await tryQuery(server, dice, scan);
      const { scans } = (await server.json('/v1/scans?limit=500')) as { scans: { case: string; detector: string }[] };
      const odd = scans.find(({ detector }) => detector !== 'other');
      if (odd) yield { what: odd.case, outcome: 'finding', why: `scored by ${odd.detector}` };
    } finally {
      await server.stop();
    }
  },
};

async function tryQuery(server: TestServer, dice: Dice, scan: Buffer): Promise<Trial> {
  const route = dice.pick(ROUTES);
  const query = harmed(route, dice);
  const what = `${route.method} ${route.path}?${query.slice(0, 160)}`;
  const answer =
    route.method === 'GET'
      ? await server.fetch(`${route.path}?${query}`)
      : await server.post(query, new Uint8Array(scan));
  const text = await answer.text();
  const came = (outcome: Outcome, why: string): Trial => ({ what, outcome, why });
  if (answer.status >= 500) return came('finding', `status ${answer.status}: ${text.slice(0, 200)}`);
  if (answer.status >= 400) {
    const { error } = JSON.parse(text) as { error?: { code?: unknown; message?: unknown } };
    if (typeof error?.code !== 'string' || typeof error.message !== 'string' || error.message === '')
      return came('finding', `an error of another shape: ${text.slice(0, 200)}`);
    // A detector of another name is an address that is not there.
    if (answer.status === 400 && error.code === 'usage') return came('refused', 'usage');
    if (answer.status === 404 && error.code === 'not-found') return came('refused', 'not-found');
    return came('finding', `status ${answer.status}, ${error.code}`);
  }
  const meant = meaningOf(query, route);
  if (typeof meant === 'string') return came('finding', `taken, and ${meant}`);
  if (route.method === 'GET') return came('harmless', 'understood');
  const { case: name } = JSON.parse(text) as { case: string };
  if (name !== (meant.get('case') ?? 'scan')) return came('finding', `scored as ${JSON.stringify(name)}`);
  return came('harmless', 'scored as asked');
}

/** What a query says, read by other code than the server's; or why it says nothing. */
function meaningOf(query: string, { values }: Route): ReadonlyMap<string, string> | string {
  const meant = new Map<string, string>();
  // Bytes that are no UTF-8 become U+FFFD here.
  const parsed = [...new URLSearchParams(query)];
  for (const [name, value] of parsed) {
    if (!Object.hasOwn(values, name)) return `${JSON.stringify(name)} is no parameter`;
    if (meant.has(name)) return `${name} is given twice`;
    if (value.trim() === '') return `${name} is empty`;
    if (value.includes('\ufffd')) return `${name} is no UTF-8`;
    meant.set(name, value);
  }
  if (values.volume !== undefined && meant.get('detector') !== 'other') return 'the default would score';
  return meant;
}

/** The parameters of a route, some of them, with one to two of them harmed. */
function harmed({ method, values }: Route, dice: Dice): string {
  const pairs = Object.entries(values)
    .filter(([name]) => (method === 'POST' ? name === 'detector' || name === 'case' : true) || dice.chance(0.2))
    .filter(([name]) => method === 'POST' || name !== 'before' || dice.chance(0.1))
    .map(([name, value]) => [name, encodeURIComponent(value)] as [string, string]);
  for (let n = dice.int(1, 2); n > 0; n--) {
    const at = dice.int(0, pairs.length - 1);
    const [name, value] = pairs[at];
    // The scorer is named rightly, or is what is harmed: else the default would rightly score.
    switch (dice.int(0, 7)) {
      case 0:
      case 1:
      case 2:
        pairs[at] = [mistyped(name, dice), value];
        break;
      case 3:
        pairs.splice(dice.int(0, pairs.length), 0, [name, dice.pick([value, 'small', '1', '', 'x'])]);
        break;
      case 4:
        pairs[at] = [name, dice.pick(['', '%20', '+', '%00', '%ff', '%', '%zz', '%C3%28', '%ED%A0%80', '%2e%2e%2f'])];
        break;
      case 5:
        pairs[at] = [oddly(name, dice), value];
        break;
      case 6:
        pairs.push([dice.pick(['__proto__', 'constructor', 'toString', '', '[]', 'x'.repeat(900), '\u202e']), value]);
        break;
      default:
        pairs[at] = [name, oddly(Object.hasOwn(values, name) ? values[name] : 'x', dice)];
    }
  }
  const joint = dice.chance(0.05) ? ';' : dice.chance(0.05) ? '&&' : '&';
  return pairs.map(([name, value]) => (value === '' && dice.chance(0.5) ? name : `${name}=${value}`)).join(joint);
}

function mistyped(name: string, dice: Dice): string {
  if (name === '') return 'x';
  const at = dice.int(0, name.length - 1);
  const [before, letter, after] = [name.slice(0, at), name[at], name.slice(at + 1)];
  return dice.pick([
    before + after,
    `${before}${letter}${letter}${after}`,
    `${before}${after[0] ?? letter}${letter}${after.slice(1)}`,
    `${before}${String.fromCharCode(dice.int(97, 122))}${after}`,
    name.toUpperCase(),
    `${name[0].toUpperCase()}${name.slice(1)}`,
    `${name}s`,
    `${name}[]`,
    `${name}.0`,
    `_${name}`,
    // A Cyrillic letter that looks like the Latin one.
    encodeURIComponent(name.replace('e', '\u0435').replace('a', '\u0430')),
  ]);
}

/** The same text in another writing: percent-encoded, with spaces or zero bytes about it. */
function oddly(text: string, dice: Dice): string {
  const all = [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');
  return dice.pick([
    all,
    all.toUpperCase(),
    `+${text}`,
    `${text}%20`,
    `${text}%00`,
    `%EF%BB%BF${text}`,
    `%25${text}`,
    `${text}%c0%80`,
  ]);
}
