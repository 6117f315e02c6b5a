import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  APPLICATION_CONTEXT,
  type AssociateRequest,
  decodeAssociateAccept,
  decodeAssociateRequest,
  encodeAssociateAccept,
  encodeAssociateRequest,
} from '../../../src/protocol/dimse/associate.js';
import { DimseError } from '../../../src/protocol/dimse/dimse-error.js';

const REQUEST: AssociateRequest = {
  called: 'SEGCANARY',
  calling: 'CT1',
  isVersion1: true,
  applicationContext: APPLICATION_CONTEXT,
  maxLength: 16384,
  implementation: { uid: '1.2.3', version: 'TEST' },
  contexts: [
    { id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] },
    {
      id: 3,
      abstractSyntax: '1.2.840.10008.5.1.4.1.1.2',
      transferSyntaxes: ['1.2.840.10008.1.2.1', '1.2.840.10008.1.2'],
    },
  ],
};

// Sent by echoscu 3.6.7 of dcmtk: `echoscu -aet CT1 -aec SEGCANARY`, taken down from the socket.
const ECHOSCU = Buffer.from(
  '0100000000cd0001000053454743414e4152592020202020202043543120202020202020202020202020000000000000000000000000000000000000000000000000000000000000000010000015312e322e3834302e31303030382e332e312e312e312000002e0100ff0030000011312e322e3834302e31303030382e312e3140000011312e322e3834302e31303030382e312e325000003a51000004000040005200001b312e322e3237362e302e373233303031302e332e302e332e362e375500000f4f464649535f44434d544b5f333637',
  'hex',
);

it('reads what dcmtk sends', () => {
  expect(decodeAssociateRequest(ECHOSCU.subarray(6))).toEqual({
    called: 'SEGCANARY',
    calling: 'CT1',
    isVersion1: true,
    applicationContext: '1.2.840.10008.3.1.1.1',
    maxLength: 16384,
    implementation: { uid: '1.2.276.0.7230010.3.0.3.6.7', version: 'OFFIS_DCMTK_367' },
    contexts: [{ id: 1, abstractSyntax: '1.2.840.10008.1.1', transferSyntaxes: ['1.2.840.10008.1.2'] }],
  });
});

it('reads what it writes', () => {
  expect(decodeAssociateRequest(encodeAssociateRequest(REQUEST).subarray(6))).toEqual(REQUEST);
  const { isVersion1: _, ...rest } = REQUEST;
  const accept = {
    ...rest,
    contexts: [
      { id: 1, result: 0, transferSyntax: '1.2.840.10008.1.2' },
      { id: 3, result: 4, transferSyntax: '1.2.840.10008.1.2.1' },
    ],
  };
  expect(decodeAssociateAccept(encodeAssociateAccept(accept).subarray(6))).toEqual(accept);
});

it('refuses what is cut off, or says another length, and never fails in another way', () => {
  const right = encodeAssociateRequest(REQUEST).subarray(6);
  for (let length = 68; length < right.length; length++) {
    try {
      decodeAssociateRequest(right.subarray(0, length));
    } catch (error) {
      expect(error).toBeInstanceOf(DimseError);
    }
  }
  fc.assert(
    fc.property(fc.nat(right.length - 1), fc.nat(255), fc.boolean(), (at, byte, isRequest) => {
      const wrong = Buffer.from(right);
      wrong[at] = byte;
      try {
        (isRequest ? decodeAssociateRequest : decodeAssociateAccept)(wrong);
      } catch (error) {
        expect(error).toBeInstanceOf(DimseError);
      }
    }),
  );
});
