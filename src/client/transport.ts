import { Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { SegcanaryError } from '../errors.js';
import { ServerError } from './server-error.js';

export interface Exchange {
  /** The server's address, for messages. */
  readonly server: string;
  readonly path: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Sends a request and gives the answer as soon as its head is there, whatever its status. Not
 * `fetch`, which gives an answer up whose head takes five minutes: a long scan takes more.
 *
 * @throws ServerError `unreachable`; SegcanaryError `aborted`; whatever the body fails with
 */
export function exchange({ server, path, method = 'GET', headers, body, signal }: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(stopped());
    const url = new URL(`${server}${path}`);
    // A connection for each: one that was kept may be closed by the server just as it is used
    // again, and a stream cannot be sent twice. And yet not `Connection: close`: whoever refuses a
    // scan before it is read would close on it, and the refusal be lost.
    const isSecure = url.protocol === 'https:';
    const agent = new (isSecure ? SecureAgent : Agent)({ keepAlive: true });
    const request = (isSecure ? requestHttps : requestHttp)(url, { method, agent, ...(headers && { headers }) });
    request.once('close', () => agent.destroy());
    let answered = false;
    let bodyError: Error | null = null;
    const stop = () => request.destroy(stopped());
    signal?.addEventListener('abort', stop, { once: true });
    request.setSocketKeepAlive(true, 30_000);
    request.once('response', (response) => {
      answered = true;
      response.once('close', () => {
        signal?.removeEventListener('abort', stop);
        // Refused before it was read to its end.
        body?.destroy();
        request.destroy();
      });
      resolve(response);
    });
    request.on('error', (error) => {
      // What fails after the answer began is the reader's to see, in the answer.
      if (answered) return;
      signal?.removeEventListener('abort', stop);
      body?.destroy();
      reject(bodyError ?? (error instanceof SegcanaryError ? error : unreachable(server, error)));
    });
    if (!body) return request.end();
    body.on('error', (error) => {
      bodyError = error;
      request.destroy(error);
    });
    body.pipe(request);
  });
}

/**
 * The bytes of an answer, to their end.
 *
 * @throws ServerError `unreachable` where it breaks off; SegcanaryError `aborted`
 */
export async function* bytesOf({
  response,
  server,
  signal,
}: {
  readonly response: IncomingMessage;
  readonly server: string;
  readonly signal?: AbortSignal | undefined;
}): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (cause) {
    if (signal?.aborted) throw stopped();
    throw new ServerError(
      0,
      { code: 'unreachable', message: `${server}: the server broke its answer off; send the scan again.` },
      { cause },
    );
  }
}

function unreachable(server: string, cause: Error): ServerError {
  const { code } = cause as NodeJS.ErrnoException;
  const broken = code === 'ECONNRESET' || code === 'EPIPE';
  const what = broken
    ? 'the server closed the connection before it answered; send the scan again'
    : `no server answers there (${code ?? cause.message}); start it, or give its address`;
  return new ServerError(0, { code: 'unreachable', message: `${server}: ${what}.` }, { cause });
}

const stopped = () => new SegcanaryError('aborted', 'The request was stopped before it was answered.');
