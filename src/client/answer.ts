import type { IncomingMessage } from 'node:http';
import { type ErrorDescription, SegcanaryError } from '../errors.js';
import { isErrorBody, readError, readErrorBody } from '../protocol/error-body.js';
import { mixedParts } from '../protocol/mixed-reader.js';
import { parseJson } from '../protocol/parse.js';
import type { RemoteScore, ScorePart } from '../protocol/score.js';
import { WrongAnswer } from '../protocol/wrong-answer.js';
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

/** Bytes of an answer that is held as a whole: five hundred records have some twenty MB. */
const LONGEST_TEXT = 64 * 2 ** 20;

/**
 * What an answer says, held against what it has to be.
 *
 * @param read makes of its JSON what was asked for, or throws `WrongAnswer`
 * @throws ServerError `unreachable` for what is no JSON, `answer-invalid`; as `bytesOf`
 */
export async function readJson<T>(answer: Answer, read: (value: unknown) => T): Promise<T> {
  try {
    return read(parseJson(await textOf(bytesOf(answer))));
  } catch (error) {
    throw notAsAsked(answer, error);
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
 * @param read makes of the score's JSON what was asked for, or throws `WrongAnswer`
 * @throws ServerError what failed behind the first byte, `unreachable`, `answer-invalid`;
 *   SegcanaryError `io`
 */
export async function readImages(
  answer: Answer,
  images: ReceivedImages,
  read: (value: unknown) => RemoteScore,
): Promise<RemoteScore> {
  const { response } = answer;
  let result: RemoteScore | null = null;
  const missing = new Set<string>([...images.keys(), RESULT]);
  try {
    for await (const { name, bytes } of mixedParts(response.headers['content-type'] ?? '', bytesOf(answer))) {
      if (!missing.delete(name))
        throw new WrongAnswer(`it has a part ${JSON.stringify(name)} that is none or one too many`);
      if (name === RESULT) result = resultOf(response, await textOf(bytes), read);
      else await images.get(name)?.receive(bytes);
    }
    const [part] = missing;
    if (!result || part !== undefined) throw new WrongAnswer(`it has no part ${part}`);
    for (const image of images.values()) await image.commit();
    return result;
  } catch (error) {
    for (const image of images.values()) await image.discard();
    response.destroy();
    throw notAsAsked(answer, error);
  }
}

const RESULT: ScorePart = 'result';

/** What fails behind images stands in the place of the result. */
function resultOf(response: IncomingMessage, text: string, read: (value: unknown) => RemoteScore): RemoteScore {
  const value = parseJson(text);
  if (!isErrorBody(value)) return read(value);
  throw new ServerError(response.statusCode!, readError(value));
}

/** What went wrong with an answer that came, as whoever asked is told of it. */
export function notAsAsked(answer: Answer, error: unknown): unknown {
  if (error instanceof ServerError || error instanceof SegcanaryError) return error;
  if (!(error instanceof WrongAnswer)) return misunderstood(answer, error);
  const { response, server } = answer;
  const message = `${server}: its answer is wrong (${error.message}), and nothing of it is used; update the server, or ask whoever runs it.`;
  return new ServerError(response.statusCode!, { code: 'answer-invalid', message }, { cause: error });
}

function misunderstood({ response, server }: Answer, cause: unknown): ServerError {
  const what = `${server}: something answered with ${response.statusCode}, and not as a segcanary server does; give the server’s address.`;
  return new ServerError(response.statusCode!, { code: 'unreachable', message: what }, { cause });
}

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > LONGEST_TEXT) throw new WrongAnswer('it has no end');
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
