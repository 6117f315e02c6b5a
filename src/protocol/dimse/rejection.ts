import { encodePdu, PDU } from './pdu.js';

/** Why an association is refused: result, source and reason of A-ASSOCIATE-RJ. */
export interface Rejection {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}

/** The rejections that we give (PS3.8, table 9-21). */
export const REJECTIONS = {
  notSpecified: { result: 1, source: 1, reason: 1 },
  applicationContext: { result: 1, source: 1, reason: 2 },
  callingAe: { result: 1, source: 1, reason: 3 },
  calledAe: { result: 1, source: 1, reason: 7 },
  protocolVersion: { result: 1, source: 2, reason: 2 },
  congestion: { result: 2, source: 3, reason: 1 },
  localLimit: { result: 2, source: 3, reason: 2 },
} as const satisfies Record<string, Rejection>;

export const encodeRejection = ({ result, source, reason }: Rejection): Buffer =>
  encodePdu(PDU.associateReject, Buffer.of(0, result, source, reason));

export const decodeRejection = (body: Buffer): Rejection => ({ result: body[1], source: body[2], reason: body[3] });

const WORDS: Readonly<Record<string, string>> = {
  '1.1': 'no reason was given',
  '1.2': 'it does not know the application context',
  '1.3': 'it does not know our AE title',
  '1.7': 'it has another AE title',
  '2.1': 'no reason was given',
  '2.2': 'it speaks another version of the protocol',
  '3.1': 'it is busy at the moment',
  '3.2': 'it has too many associations',
};

/** A rejection in words, as a part of a sentence. */
export function wordsOf({ result, source, reason }: Rejection): string {
  const why = WORDS[`${source}.${reason}`] ?? `source ${source}, reason ${reason}`;
  return `${why}${result === 2 ? ', for now' : ''}`;
}
