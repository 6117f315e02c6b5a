import { DimseError } from './dimse-error.js';

/** Command fields (PS3.7, annex E.1). A response has the field of its request and 0x8000. */
export const COMMAND = { cStore: 0x0001, cEcho: 0x0030, cCancel: 0x0fff } as const;
export const RESPONSE = 0x8000;

/** Statuses that we give (PS3.7 annex C, PS3.4 section B.2.3). */
export const STATUS = {
  success: 0x0000,
  classNotSupported: 0x0122,
  unrecognizedOperation: 0x0211,
  outOfResources: 0xa700,
  doesNotMatchClass: 0xa900,
  cannotUnderstand: 0xc000,
  processingFailure: 0x0110,
} as const;

/** Whether an object was stored: success, or a warning (PS3.7, annex C.3). */
export const isStored = (status: number): boolean =>
  [0x0000, 0x0001, 0x0107, 0x0116].includes(status) || (status & 0xf000) === 0xb000;

/** A command set (PS3.7, section 6.3), as far as storing and verification need it. */
export interface Command {
  readonly field: number;
  /** Number of the message, where it is a request. */
  readonly messageId: number;
  /** Message that a response is to. */
  readonly respondedTo: number;
  readonly hasDataset: boolean;
  readonly sopClass: string;
  readonly sopInstance: string;
  readonly status: number;
}

const ELEMENT = {
  length: 0x0000,
  sopClass: 0x0002,
  field: 0x0100,
  messageId: 0x0110,
  respondedTo: 0x0120,
  priority: 0x0700,
  dataset: 0x0800,
  status: 0x0900,
  sopInstance: 0x1000,
} as const;

/** Command Data Set Type of a message without one. */
const NO_DATASET = 0x0101;

/** Bytes of a command set at most; real ones have a few hundred. */
export const LONGEST_COMMAND = 2 ** 14;

/**
 * Reads a command set: implicit VR little endian, group 0000 alone.
 *
 * @throws DimseError elements that do not fit, or another group
 */
export function decodeCommand(bytes: Buffer): Command {
  const elements = new Map<number, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const end = at + 8 <= bytes.length ? at + 8 + bytes.readUInt32LE(at + 4) : Number.POSITIVE_INFINITY;
    if (end > bytes.length || bytes.readUInt16LE(at) !== 0)
      throw new DimseError(
        'invalidParameter',
        `A command set of ${bytes.length} bytes is no command set at byte ${at}.`,
      );
    elements.set(bytes.readUInt16LE(at + 2), bytes.subarray(at + 8, end));
    at = end;
  }
  const number = (element: number, otherwise: number): number => {
    const value = elements.get(element);
    return value && value.length >= 2 ? value.readUInt16LE(0) : otherwise;
  };
  const uid = (element: number) => (elements.get(element)?.toString('latin1') ?? '').replace(/[\s\0]+$/, '');
  const field = number(ELEMENT.field, -1);
  if (field < 0) throw new DimseError('invalidParameter', 'A command set without a Command Field came.');
  return {
    field,
    messageId: number(ELEMENT.messageId, 0),
    respondedTo: number(ELEMENT.respondedTo, 0),
    hasDataset: number(ELEMENT.dataset, NO_DATASET) !== NO_DATASET,
    sopClass: uid(ELEMENT.sopClass),
    sopInstance: uid(ELEMENT.sopInstance),
    status: number(ELEMENT.status, 0),
  };
}

/** What a command set is made of; elements that are not given are left out. */
export interface NewCommand extends Partial<Omit<Command, 'hasDataset'>> {
  readonly field: number;
  readonly hasDataset: boolean;
}

export function encodeCommand(command: NewCommand): Buffer {
  const { field, messageId, respondedTo, hasDataset, sopClass, sopInstance, status } = command;
  const isStore = field === COMMAND.cStore;
  const elements = [
    ...(sopClass === undefined ? [] : [element(ELEMENT.sopClass, paddedUid(sopClass))]),
    element(ELEMENT.field, uint16(field)),
    ...(messageId === undefined ? [] : [element(ELEMENT.messageId, uint16(messageId))]),
    ...(respondedTo === undefined ? [] : [element(ELEMENT.respondedTo, uint16(respondedTo))]),
    // Medium.
    ...(isStore ? [element(ELEMENT.priority, uint16(0))] : []),
    element(ELEMENT.dataset, uint16(hasDataset ? 0x0001 : NO_DATASET)),
    ...(status === undefined ? [] : [element(ELEMENT.status, uint16(status))]),
    ...(sopInstance === undefined ? [] : [element(ELEMENT.sopInstance, paddedUid(sopInstance))]),
  ];
  const rest = Buffer.concat(elements);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(rest.length, 0);
  return Buffer.concat([element(ELEMENT.length, length), rest]);
}

/** The response to a request. */
export const responseTo = ({ field, messageId, sopClass, sopInstance }: Command, status: number): Buffer =>
  encodeCommand({
    field: field | RESPONSE,
    respondedTo: messageId,
    hasDataset: false,
    status,
    ...(sopClass !== '' && { sopClass }),
    ...(sopInstance !== '' && { sopInstance }),
  });

function element(number: number, value: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt16LE(number, 2);
  head.writeUInt32LE(value.length, 4);
  return Buffer.concat([head, value]);
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value, 0);
  return bytes;
}

/** Values have an even length; a UID is padded with a zero byte (PS3.5, section 9.1). */
export const paddedUid = (uid: string): Buffer => Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1');
