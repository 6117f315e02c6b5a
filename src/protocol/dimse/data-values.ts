import { DimseError } from './dimse-error.js';
import { PDU } from './pdu.js';

/** A presentation data value (PS3.8, section 9.3.5.1): a fragment of a message. */
export interface DataValue {
  readonly context: number;
  readonly isCommand: boolean;
  /** The last fragment of the command or of the data set. */
  readonly isLast: boolean;
  readonly bytes: Buffer;
}

/** Bytes before the fragment: length, context, control header. */
const HEAD = 6;

/**
 * Fragments in the body of a P-DATA-TF.
 *
 * @throws DimseError lengths that do not fit
 */
export function* dataValues(body: Buffer): Generator<DataValue, void, undefined> {
  for (let at = 0; at < body.length; ) {
    const length = at + HEAD <= body.length ? body.readUInt32BE(at) : 0;
    const end = at + 4 + length;
    if (length < 2 || end > body.length)
      throw new DimseError('invalidParameter', `A data value does not fit into the ${body.length} bytes of its unit.`);
    const control = body[at + 5];
    yield {
      context: body[at + 4],
      isCommand: (control & 1) === 1,
      isLast: (control & 2) === 2,
      bytes: body.subarray(at + HEAD, end),
    };
    at = end;
  }
}

/** Bytes of a fragment at most, for a peer that takes so many bytes of a unit (0: any). */
export const fragmentLength = (maxLength: number): number =>
  // Fragments have an even length (PS3.8, annex E.2).
  Math.max(2, ((maxLength === 0 ? 2 ** 16 : Math.min(maxLength, 2 ** 16)) - HEAD) & ~1);

/** A P-DATA-TF of one fragment, in one buffer. */
export function encodeDataValue({ context, isCommand, isLast, bytes }: DataValue): Buffer {
  const unit = Buffer.allocUnsafe(2 * HEAD + bytes.length);
  unit[0] = PDU.data;
  unit[1] = 0;
  unit.writeUInt32BE(HEAD + bytes.length, 2);
  unit.writeUInt32BE(2 + bytes.length, 6);
  unit[10] = context;
  unit[11] = Number(isCommand) | (Number(isLast) << 1);
  bytes.copy(unit, 2 * HEAD);
  return unit;
}

/** A command set as one unit, or several where the peer takes little of one. */
export function encodeCommandValues(context: number, command: Buffer, maxLength: number): Buffer {
  const step = fragmentLength(maxLength);
  const units: Buffer[] = [];
  for (let at = 0; at < command.length; at += step)
    units.push(
      encodeDataValue({
        context,
        isCommand: true,
        isLast: at + step >= command.length,
        bytes: command.subarray(at, at + step),
      }),
    );
  return Buffer.concat(units);
}
