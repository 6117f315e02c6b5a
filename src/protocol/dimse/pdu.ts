import { ABORT_REASONS, type AbortReason, DimseError } from './dimse-error.js';

/** Types of protocol data units (PS3.8, section 9.3). */
export const PDU = {
  associateRequest: 1,
  associateAccept: 2,
  associateReject: 3,
  data: 4,
  releaseRequest: 5,
  releaseReply: 6,
  abort: 7,
} as const;

export interface Pdu {
  readonly type: number;
  /** What follows the six bytes of type and length. */
  readonly body: Buffer;
}

/** Bytes of a P-DATA-TF that we take: what we say when an association is negotiated. */
export const LARGEST_DATA = 2 ** 17;
/** Bytes of an A-ASSOCIATE: 128 contexts with 30 transfer syntaxes each are half of it. */
const LARGEST_ASSOCIATE = 2 ** 18;

/** The lengths that a body may have: nothing is kept of one that claims another. */
const LENGTHS: Readonly<Record<number, readonly [least: number, most: number]>> = {
  [PDU.associateRequest]: [68, LARGEST_ASSOCIATE],
  [PDU.associateAccept]: [68, LARGEST_ASSOCIATE],
  [PDU.associateReject]: [4, 4],
  [PDU.data]: [6, LARGEST_DATA],
  [PDU.releaseRequest]: [4, 4],
  [PDU.releaseReply]: [4, 4],
  [PDU.abort]: [4, 4],
};

const HEAD = 6;

/**
 * Cuts bytes into protocol data units. A length is looked at before a byte of what it promises is
 * kept, so that no more is in memory than one unit of an allowed length.
 */
export class PduParser {
  readonly #expected: () => readonly number[];
  readonly #head = Buffer.alloc(HEAD);
  #headLength = 0;
  /** Null before the head is there. */
  #body: { readonly type: number; readonly length: number; kept: Buffer | null; held: number } | null = null;

  /** @param expected types that may come now, asked for each unit as its head is there */
  constructor(expected: () => readonly number[] = () => Object.values(PDU)) {
    this.#expected = expected;
  }

  /** Whether the last unit is whole. */
  get isBetween(): boolean {
    return this.#headLength === 0;
  }

  /**
   * Units that are whole with this piece. A body that lies within the piece is a view of it.
   *
   * @throws DimseError an unknown or unexpected type, a length that none of its type has
   */
  *push(piece: Uint8Array): Generator<Pdu, void, undefined> {
    let rest = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    while (rest.length > 0) {
      if (this.#body === null) {
        const taken = rest.copy(this.#head, this.#headLength, 0, HEAD - this.#headLength);
        this.#headLength += taken;
        rest = rest.subarray(taken);
        if (this.#headLength < HEAD) return;
        this.#body = { type: this.#head[0], length: this.#lengthOf(this.#head), kept: null, held: 0 };
      }
      const { type, length, held, kept } = this.#body;
      const wanted = length - held;
      if (rest.length < wanted || kept !== null) {
        // One buffer of an allowed length, and not one a piece: a piece may be a single byte.
        this.#body.kept ??= Buffer.allocUnsafeSlow(length);
        rest.copy(this.#body.kept, held, 0, wanted);
      }
      const body = this.#body.kept ?? rest.subarray(0, wanted);
      this.#body.held += Math.min(wanted, rest.length);
      rest = rest.subarray(wanted);
      if (this.#body.held < length) return;
      this.#body = null;
      this.#headLength = 0;
      yield { type, body };
    }
  }

  #lengthOf(head: Buffer): number {
    const type = head[0];
    const length = head.readUInt32BE(2);
    const allowed = LENGTHS[type];
    if (!allowed) throw new DimseError('unrecognizedPdu', `A protocol data unit of the unknown type ${type} came.`);
    if (!this.#expected().includes(type))
      throw new DimseError('unexpectedPdu', `A protocol data unit of type ${type} came where none is due.`);
    const [least, most] = allowed;
    if (length < least || length > most)
      throw new DimseError(
        'invalidParameter',
        `A protocol data unit of type ${type} claims ${length} bytes, and ${least} to ${most} are allowed.`,
      );
    return length;
  }
}

/** A unit as it is sent. */
export function encodePdu(type: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD);
  head[0] = type;
  head.writeUInt32BE(body.length, 2);
  return Buffer.concat([head, body]);
}

export const releaseRequest = (): Buffer => encodePdu(PDU.releaseRequest, Buffer.alloc(4));
export const releaseReply = (): Buffer => encodePdu(PDU.releaseReply, Buffer.alloc(4));

/** A-ABORT of the upper layer, or where there is no reason, of whoever uses it. */
export function encodeAbort(reason: AbortReason | null): Buffer {
  const source = reason === null ? 0 : 2;
  return encodePdu(PDU.abort, Buffer.of(0, 0, source, reason === null ? 0 : ABORT_REASONS[reason]));
}
