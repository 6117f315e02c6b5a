import { isDeepStrictEqual } from 'node:util';
import { SegcanaryError } from '../../../src/errors.js';
import {
  type AssociateRequest,
  decodeAssociateAccept,
  decodeAssociateRequest,
  encodeAssociateRequest,
} from '../../../src/protocol/dimse/associate.js';
import { decodeCommand, encodeCommand } from '../../../src/protocol/dimse/command-set.js';
import { dataValues, encodeCommandValues, encodeDataValue } from '../../../src/protocol/dimse/data-values.js';
import { DimseError } from '../../../src/protocol/dimse/dimse-error.js';
import { PDU, PduParser, releaseRequest } from '../../../src/protocol/dimse/pdu.js';
import type { Dice } from '../../dice.js';
import { expect } from '../finding.js';
import { chop, concat, mutateBytes } from '../mutate/bytes.js';
import type { Target } from '../target.js';

const file = 'a peer';
/** What may be held of a peer: a request of an association is the largest unit. */
const MOST_HELD = 2 ** 18;

/** What a peer sends in an association: units, what is in them, and what they make together. */
export const dimse: Target = {
  name: 'dimse',
  weight: 20,
  limit: 2000,
  file,
  run(dice) {
    try {
      session(dice);
    } catch (error) {
      // A log has its words; none of them is of the peer.
      if (!(error instanceof DimseError)) throw error;
      throw new SegcanaryError('peer-failed', error.message, { subject: file, cause: error });
    }
  },
};

function session(dice: Dice): void {
  const request = requestOf(dice);
  const command = {
    field: 1,
    messageId: dice.int(1, 65_535),
    sopClass: uid(dice),
    sopInstance: uid(dice),
    hasDataset: true,
  };
  const dataset = dice.bytes(dice.int(0, 3000));
  const maxLength = dice.pick([0, 64, 1000, 16_384]);
  const step = dice.int(1, 2000);
  const right = concat([
    encodeAssociateRequest(request),
    encodeCommandValues(3, encodeCommand(command), maxLength),
    ...fragments(dataset, step),
    releaseRequest(),
  ]);
  const isHarmed = dice.chance(0.85);
  const found = read(isHarmed ? mutateBytes(right, dice) : right, dice);
  if (isHarmed) return;
  expect(isDeepStrictEqual(found.request, request), 'the request became something else');
  expect(found.commands.length === 1 && found.commands[0].sopInstance === command.sopInstance, 'another command');
  expect(Buffer.compare(concat(found.data), dataset) === 0, 'another data set');
  expect(found.types.at(-1) === PDU.releaseRequest, 'no release');
}

function* fragments(dataset: Uint8Array, step: number): Generator<Buffer> {
  for (let at = 0; at < dataset.length || at === 0; at += step)
    yield encodeDataValue({
      context: 3,
      isCommand: false,
      isLast: at + step >= dataset.length,
      bytes: Buffer.from(dataset.subarray(at, at + step)),
    });
}

/** Everything that readers make of the bytes, without a socket. */
function read(bytes: Uint8Array, dice: Dice) {
  const parser = new PduParser();
  const found = {
    request: null as AssociateRequest | null,
    commands: [] as ReturnType<typeof decodeCommand>[],
    data: [] as Uint8Array[],
    types: [] as number[],
  };
  let parts: Buffer[] = [];
  for (const piece of chop(bytes, dice)) {
    for (const { type, body } of parser.push(piece)) {
      expect(body.length <= MOST_HELD, `a unit of ${body.length} bytes`);
      found.types.push(type);
      if (type === PDU.associateRequest) found.request = decodeAssociateRequest(body);
      if (type === PDU.associateAccept) decodeAssociateAccept(body);
      if (type !== PDU.data) continue;
      for (const value of dataValues(body)) {
        if (!value.isCommand) found.data.push(Uint8Array.from(value.bytes));
        else parts.push(Buffer.from(value.bytes));
        if (!value.isCommand || !value.isLast) continue;
        found.commands.push(decodeCommand(Buffer.concat(parts)));
        parts = [];
      }
    }
  }
  return found;
}

const requestOf = (dice: Dice): AssociateRequest => ({
  called: title(dice),
  calling: title(dice),
  isVersion1: true,
  applicationContext: '1.2.840.10008.3.1.1.1',
  maxLength: dice.int(0, 2 ** 31),
  implementation: { uid: uid(dice), version: title(dice) },
  contexts: Array.from({ length: dice.int(1, 20) }, (_, i) => ({
    id: 2 * i + 1,
    abstractSyntax: uid(dice),
    transferSyntaxes: Array.from({ length: dice.int(1, 4) }, () => uid(dice)),
  })),
});

const title = (dice: Dice): string => `AE${dice.int(0, 10 ** dice.int(1, 9))}`;
const uid = (dice: Dice): string => `1.2.${dice.int(0, 10 ** dice.int(1, 9))}.${dice.int(0, 1000)}`;
