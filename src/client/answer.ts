import type { IncomingMessage } from 'node:http';
import { type ErrorDescription, SegcanaryError } from '../errors.js';
import { type ErrorBody, isErrorBody, readErrorBody } from '../protocol/error-body.js';
import { mixedParts } from '../protocol/mixed-reader.js';
import type { RemoteScore, ScorePart } from '../protocol/score.js';
import type { ReceivedImage } from './received-image.js';
import { ServerError } from './server-error.js';
import { bytesOf } from './transport.js';

/** An answer of a server whose head is here. */
export interface Answer {
  readonly response: IncomingMessage;
  /** The server's address, for messages. */
  readonly server: string;
  readonly signal: AbortSignal | undefined;
}

/** Images that were asked for, by the name of their part. */
export type ReceivedImages = ReadonlyMap<string, ReceivedImage>;

/** @throws ServerError `unreachable` for what is no JSON; as `bytesOf` */
export async function readJson<T>(answer: Answer): Promise<T> {
  const text = await textOf(bytesOf(answer));
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw misunderstood(answer, cause);
  }
}

/** The refusal that an answer holds; also where it holds something else, as a proxy's does. */
export async function readRefusal(answer: Answer): Promise<ServerError> {
  const { response } = answer;
  const text = await textOf(bytesOf(answer));
  let error: ErrorDescription;
  try {
    error = readErrorBody(text);
  } catch (cause) {
    return misunderstood(answer, cause);
  }
  const after = Number(response.headers['retry-after'] ?? Number.NaN);
  return new ServerError(response.statusCode!, error, { retryAfter: Number.isFinite(after) ? after : null });
}

/**
 * The images of an answer, to where they go, and the score behind them. Files of them appear when
 * all of it was good, or not at all.
 *
 * @throws ServerError what failed behind the first byte, `unreachable`; SegcanaryError `io`
 */
export async function readImages(answer: Answer, images: ReceivedImages): Promise<RemoteScore> {
  const { response } = answer;
  let result: RemoteScore | null = null;
  try {
    for await (const { name, bytes } of mixedParts(response.headers['content-type'] ?? '', bytesOf(answer))) {
      if (name === RESULT) result = resultOf(response, await textOf(bytes));
      else await images.get(name)?.receive(bytes);
    }
    if (!result) throw new Error('there was no result in the answer');
    for (const image of images.values()) await image.commit();
    return result;
  } catch (error) {
    for (const image of images.values()) await image.discard();
    response.destroy();
    if (error instanceof ServerError || error instanceof SegcanaryError) throw error;
    throw misunderstood(answer, error);
  }
}

const RESULT: ScorePart = 'result';

/** What fails behind images stands in the place of the result. */
function resultOf(response: IncomingMessage, text: string): RemoteScore {
  const value = JSON.parse(text) as RemoteScore | ErrorBody;
  if (!isErrorBody(value)) return value;
  throw new ServerError(response.statusCode!, value.error);
}

function misunderstood({ response, server }: Answer, cause: unknown): ServerError {
  const what = `${server}: something answered with ${response.statusCode}, and not as a segcanary server does; give the server’s address.`;
  return new ServerError(response.statusCode!, { code: 'unreachable', message: what }, { cause });
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}
