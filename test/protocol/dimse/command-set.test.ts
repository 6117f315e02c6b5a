import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  COMMAND,
  decodeCommand,
  encodeCommand,
  isStored,
  responseTo,
} from '../../../src/protocol/dimse/command-set.js';
import { dataValues, encodeCommandValues, fragmentLength } from '../../../src/protocol/dimse/data-values.js';
import { DimseError } from '../../../src/protocol/dimse/dimse-error.js';
import { PduParser } from '../../../src/protocol/dimse/pdu.js';

// encode(ds) of pynetdicom 3.0.4 for a C_STORE primitive: message 7, CT, 1.2.3, medium priority.
const PYNETDICOM = Buffer.from(
  '000000000400000058000000000002001a000000312e322e3834302e31303030382e352e312e342e312e312e3200000000010200000001000000100102000000070000000007020000000000000000080200000001000000001006000000312e322e3300',
  'hex',
);

it('reads the command that pynetdicom writes, and writes the same', () => {
  const command = decodeCommand(PYNETDICOM);
  const said = { field: COMMAND.cStore, messageId: 7, sopClass: '1.2.840.10008.5.1.4.1.1.2', sopInstance: '1.2.3' };
  expect(command).toEqual({ ...said, respondedTo: 0, hasDataset: true, status: 0 });
  expect(encodeCommand({ ...said, hasDataset: true }).toString('hex')).toBe(PYNETDICOM.toString('hex'));
});

it('answers with the message, the class and the instance of what was asked', () => {
  const response = decodeCommand(responseTo(decodeCommand(PYNETDICOM), 0xa700));
  expect(response).toEqual({
    field: 0x8001,
    messageId: 0,
    respondedTo: 7,
    hasDataset: false,
    sopClass: '1.2.840.10008.5.1.4.1.1.2',
    sopInstance: '1.2.3',
    status: 0xa700,
  });
});

it('takes success and warnings for stored, and nothing else', () => {
  expect([0, 0x0107, 0xb000, 0xb007].map(isStored)).toEqual([true, true, true, true]);
  expect([0xa700, 0xa900, 0xc000, 0x0110, 0x0122, 0xfe00].map(isStored)).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});

it('refuses other bytes in its own words', () => {
  fc.assert(
    fc.property(fc.nat(PYNETDICOM.length - 1), fc.nat(255), fc.nat(PYNETDICOM.length), (at, byte, length) => {
      const wrong = Buffer.from(PYNETDICOM).subarray(0, length);
      if (at < length) wrong[at] = byte;
      try {
        decodeCommand(wrong);
      } catch (error) {
        expect(error).toBeInstanceOf(DimseError);
      }
    }),
  );
});

it.each([0, 10, 13, 64, 16384])('is sent in units of the %i bytes that a peer takes', (maxLength) => {
  const units = [...new PduParser().push(encodeCommandValues(5, PYNETDICOM, maxLength))];
  const values = units.flatMap(({ body }) => [...dataValues(body)]);
  if (maxLength > 0) for (const { body } of units) expect(body.length).toBeLessThanOrEqual(maxLength);
  expect(Buffer.concat(values.map(({ bytes }) => bytes))).toEqual(PYNETDICOM);
  expect(values.map(({ isLast }) => isLast)).toEqual(values.map((_, i) => i === values.length - 1));
  expect(values.every(({ context, isCommand }) => context === 5 && isCommand)).toBe(true);
  expect(fragmentLength(maxLength) % 2).toBe(0);
});

it('refuses data values that do not fit their unit', () => {
  for (const body of ['000000', '00000001 01', '000000ff 0103 00', '00000002'])
    expect(() => [...dataValues(Buffer.from(body.replaceAll(' ', ''), 'hex'))]).toThrow(DimseError);
});
