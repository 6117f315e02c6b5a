import { Agent, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, Agent as SecureAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { SegcanaryError } from '../errors.js';
import { DEFAULT_LIMITS, timerMs } from '../limits.js';

/** Another system refused, failed or could not be reached. */
export class PeerError extends SegcanaryError {
  /** The status of its answer; null where there was none. */
  readonly status: number | null;

  /** @param address of the peer, without credentials and query */
  constructor(address: string, sentence: string, status: number | null, cause?: unknown) {
    super('peer-failed', sentence, { subject: address, cause });
    this.status = status;
  }
}

export interface PeerRequest {
  readonly url: URL;
  readonly method?: 'GET' | 'POST' | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: { readonly contentType: string; readonly length: number; readonly body: Readable } | undefined;
  /** Seconds without a byte in either direction. @default DEFAULT_LIMITS.stall */
  readonly stall?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The address of a peer as messages have it: without credentials, a query, and UIDs of a study. */
export const addressOf = ({ protocol, host, pathname }: URL): string =>
  `${protocol}//${host}${pathname.replace(/\/\d+(\.\d+)+(?=\/|$)/g, '/…')}`;

/** How often a peer may send a question on to another of its own addresses. */
const MOST_REDIRECTS = 5;

/**
 * Asks another system and gives the answer as soon as its head is there, if it is a success. A
 * question may be sent on to another address of the same origin; to any other nothing is sent, so
 * that no token and no patient's data leave for a system that nobody named. Proofs of TLS are those
 * of Node (`NODE_EXTRA_CA_CERTS` adds a hospital's own authority).
 *
 * @param accepted statuses that are answers; the others are thrown
 * @throws PeerError; SegcanaryError `aborted`, `timed-out`; what the body fails with
 */
export async function askPeer(asked: PeerRequest, accepted: readonly number[]): Promise<IncomingMessage> {
  let { url } = asked;
  for (let hops = 0; ; hops++) {
    const response = await exchange({ ...asked, url });
    const status = response.statusCode!;
    if (accepted.includes(status)) return response;
    response.destroy();
    const to = redirected(response, url);
    if (!to) throw new PeerError(addressOf(url), refusal(status), status);
    if (to.origin !== url.origin || asked.body || hops === MOST_REDIRECTS)
      throw new PeerError(
        addressOf(url),
        `it sends on to ${addressOf(to)}, and nothing was sent there; give that address if it is the right one.`,
        status,
      );
    url = to;
  }
}

function redirected({ statusCode, headers }: IncomingMessage, from: URL): URL | null {
  const { location } = headers;
  if (![301, 302, 303, 307, 308].includes(statusCode!) || location === undefined) return null;
  if (!URL.canParse(location, from.href)) return null;
  const to = new URL(location, from);
  // Credentials of an address that the peer made up are not ours.
  to.username = from.username;
  to.password = from.password;
  return to;
}

function refusal(status: number): string {
  switch (status) {
    case 401:
      return 'it asks for a token or a password, or for another one (status 401); give it the right one.';
    case 403:
      return 'it does not allow this (status 403); ask whoever runs it.';
    case 404:
      return 'it knows nothing of the kind (status 404); check the address, and the study’s and series’ UIDs.';
    case 406:
      return 'it cannot answer in DICOM’s own forms (status 406); check that the address is the root of its DICOMweb service.';
    case 413:
      return 'it takes no body of this size (status 413); have its limit raised.';
    case 429:
    case 503:
      return `it is busy (status ${status}); try again later.`;
    default:
      return `it answered with status ${status}; its own log says why.`;
  }
}

function exchange({ url, method = 'GET', headers, body, stall, signal }: PeerRequest): Promise<IncomingMessage> {
  const address = addressOf(url);
  const seconds = stall ?? DEFAULT_LIMITS.stall;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(stopped());
    const isSecure = url.protocol === 'https:';
    // As in transport.ts: no connection is used twice, and none is closed on an early refusal.
    const agent = new (isSecure ? SecureAgent : Agent)({ keepAlive: true });
    const request = (isSecure ? requestHttps : requestHttp)(url, {
      method,
      agent,
      headers: {
        ...headers,
        ...(body && { 'content-type': body.contentType, 'content-length': String(body.length) }),
      },
    });
    request.once('close', () => agent.destroy());
    let answer: IncomingMessage | null = null;
    let bodyError: Error | null = null;
    const giveUp = (error: Error) => (answer ?? request).destroy(error);
    const stop = () => giveUp(stopped());
    signal?.addEventListener('abort', stop, { once: true });
    request.setTimeout(timerMs(seconds), () =>
      giveUp(
        new SegcanaryError('timed-out', `nothing came or went for ${seconds} s; try again later.`, {
          subject: address,
        }),
      ),
    );
    request.once('response', (response) => {
      answer = response;
      response.once('close', () => {
        signal?.removeEventListener('abort', stop);
        body?.body.destroy();
        request.destroy();
      });
      resolve(response);
    });
    request.on('error', (error) => {
      // What fails after the answer began is the reader's to see, in the answer.
      if (answer) return;
      signal?.removeEventListener('abort', stop);
      body?.body.destroy();
      reject(bodyError ?? (error instanceof SegcanaryError ? error : unreachable(address, error)));
    });
    if (!body) return request.end();
    body.body.on('error', (error) => {
      bodyError = error;
      request.destroy(error);
    });
    body.body.pipe(request);
  });
}

/**
 * The bytes of a peer's answer, to their end.
 *
 * @throws PeerError where it breaks off; SegcanaryError `aborted`, `timed-out`
 */
export async function* answerOf(
  response: IncomingMessage,
  { url, signal }: Pick<PeerRequest, 'url' | 'signal'>,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* response as AsyncIterable<Buffer>;
  } catch (cause) {
    if (signal?.aborted) throw stopped();
    if (cause instanceof SegcanaryError) throw cause;
    throw new PeerError(addressOf(url), 'it broke its answer off; try again.', response.statusCode!, cause);
  }
}

function unreachable(address: string, cause: Error): PeerError {
  const { code } = cause as NodeJS.ErrnoException;
  const isBroken = code === 'ECONNRESET' || code === 'EPIPE';
  const what = isBroken
    ? 'it closed the connection before it answered; try again'
    : `nothing answers there (${code ?? cause.message}); start it, or give its address`;
  return new PeerError(address, `${what}.`, null, cause);
}

const stopped = () => new SegcanaryError('aborted', 'The request was stopped before it was answered.');
