import { isDeepStrictEqual } from 'node:util';
import { SegcanaryError } from '../../../src/errors.js';
import { readDetectors } from '../../../src/protocol/detectors.js';
import { readErrorBody } from '../../../src/protocol/error-body.js';
import { encodeComment, encodeEvent, eventsOf, scanEventOf } from '../../../src/protocol/events.js';
import { mixedParts } from '../../../src/protocol/mixed-reader.js';
import { parseJson } from '../../../src/protocol/parse.js';
import { readRecord } from '../../../src/protocol/record.js';
import { readScoreOf } from '../../../src/protocol/score-reader.js';
import { RIGHT_DETECTOR, RIGHT_RECORD, RIGHT_SCORE } from '../../../test/support/answers.js';
import { MIXED, mixed } from '../../../test/support/lying-server.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { chop, mutateBytes } from '../mutate/bytes.js';
import { mutateJson } from '../mutate/json.js';
import type { Target } from '../target.js';

const file = 'http://server';

/** What a client reads, without the network: JSON of every kind, parts, events. */
export const answers: Target = {
  name: 'answers',
  weight: 15,
  limit: 2000,
  file,
  async run(dice) {
    try {
      await dice.pick([readText, readText, readParts, readEvents])(dice);
    } catch (error) {
      // Readers do not know the server's name: the client makes a sentence of what they throw.
      const isExpected = error instanceof SyntaxError || ['Error', 'WrongAnswer'].includes((error as Error).name);
      if (!isExpected || (error as Error).constructor.name === 'Finding') throw error;
      throw new SegcanaryError('io', `${(error as Error).message.slice(0, 500)}.`, { subject: file, cause: error });
    }
  },
};

function readText(dice: Dice): void {
  const error = { code: 'usage', message: 'scan: there is no `volume`.', subject: 'scan', option: 'volume' };
  const [right, read] = dice.pick<readonly [object, (text: string) => unknown]>([
    [RIGHT_SCORE, (given) => readScoreOf(parseJson(given), { case: 'scan', segment: false })],
    [RIGHT_RECORD, (given) => readRecord(parseJson(given))],
    [[RIGHT_DETECTOR], (given) => readDetectors(parseJson(given))],
    [{ error }, (given) => ({ error: readErrorBody(given) })],
  ]);
  const text = JSON.stringify(right);
  const isHarmed = dice.chance(0.95);
  const found = read(isHarmed ? mutateJson(text, dice) : text);
  expect(isHarmed || isDeepStrictEqual(found, right), `${text} became something else`);
  if (right !== RIGHT_SCORE) return;
  const { score, boundary, verdict } = found as typeof RIGHT_SCORE;
  expect((found as typeof RIGHT_SCORE).case === 'scan', 'the score of another case');
  const follows = boundary === null ? 'uncalibrated' : score > boundary ? 'out-of-distribution' : 'in-distribution';
  expect(verdict === follows, `${verdict} of ${score} at ${boundary}`);
}

async function readParts(dice: Dice): Promise<void> {
  const parts = Array.from(
    { length: dice.int(1, 3) },
    (_, i) => [`part${i}`, dice.chance(0.5) ? dice.bytes(dice.int(0, 200)) : Buffer.from('\r\n--b\r\n-')] as const,
  );
  // A part must not hold its own boundary.
  const right = parts.map(([name, bytes]) => [name, Buffer.from(bytes).toString('latin1').replaceAll('--b', '--c')]);
  const body = mixed(right.map(([name, bytes]) => [name, Buffer.from(bytes, 'latin1')]));
  const isHarmed = dice.chance(0.7);
  const found: string[][] = [];
  for await (const { name, bytes } of mixedParts(MIXED, pieces(isHarmed ? mutateBytes(body, dice) : body, dice))) {
    const all: Uint8Array[] = [];
    for await (const piece of bytes) all.push(piece);
    found.push([name, Buffer.concat(all).toString('latin1')]);
  }
  expect(isHarmed || isDeepStrictEqual(found, right), `parts ${JSON.stringify(found)}, not ${JSON.stringify(right)}`);
}

async function readEvents(dice: Dice): Promise<void> {
  const right = JSON.stringify(RIGHT_RECORD);
  const isWrong = dice.chance(0.5);
  const last = `event: done\ndata: ${isWrong ? mutateJson(right, dice) : right}\n\n`;
  const text = `${encodeComment('still there')}${encodeEvent('progress', { patches: 1, total: 2 })}${last}`;
  const isHarmed = dice.chance(0.5);
  const bytes = Buffer.from(text);
  const found = [];
  for await (const sent of eventsOf(pieces(isHarmed ? mutateBytes(bytes, dice) : bytes, dice))) {
    const event = scanEventOf(sent);
    if (event) found.push(event);
  }
  expect(isHarmed || isWrong || found.length === 2, `${found.length} events`);
  for (const event of found)
    if (event.event === 'done') expect(event.record.status === 'done', `done, and ${event.record.status}`);
}

async function* pieces(bytes: Uint8Array, dice: Dice): AsyncGenerator<Uint8Array> {
  yield* chop(bytes, dice);
}
