import type { ClientRequest, IncomingMessage, Server, ServerResponse } from 'node:http';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ErrorBody, errorBodyOf } from '../protocol/error-body.js';
import { HttpError } from './http-error.js';

/** What every answer carries, whoever made it. */
export const HEADERS_OF_ALL: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'cache-control': 'no-store',
};

/**
 * What is wrong with bytes that did not become a request, or stopped being one: Node's parser and
 * clock have found it, before any route was asked.
 */
export function brokenRequest({ code = '' }: NodeJS.ErrnoException): HttpError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new HttpError(431, 'too-large', 'The head of the request has more than 16 KiB; send shorter headers.');
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW')
    return new HttpError(413, 'too-large', 'The extensions of a chunk have more than 16 KiB; send none.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new HttpError(408, 'timed-out', 'The head of the request did not come in time; send it again.');
  return new HttpError(400, 'usage', 'The bytes are no HTTP request; send one as RFC 9112 says.');
}

/**
 * Answers what Node would answer by itself, or not at all, in the one form that errors have, and
 * closes the connection: behind bytes that are no request nobody knows where the next one begins.
 */
export class ConnectionErrors {
  /** The last answer of each connection: once its head is out, no other may follow. */
  readonly #answers = new WeakMap<Duplex, ServerResponse>();

  /** Has to see every request. */
  saw(request: IncomingMessage, answer: ServerResponse): void {
    this.#answers.set(request.socket, answer);
  }

  /** For Node's event `clientError`. */
  readonly onClientError = (error: NodeJS.ErrnoException, socket: Duplex): void => {
    const last = this.#answers.get(socket);
    const isAnswering = last?.headersSent === true && !last.writableFinished;
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) socket.destroy(error);
    else refuse(socket, brokenRequest(error));
  };

  /** Takes the events of a server that would otherwise end without an answer of ours. */
  listen(server: Server): void {
    server.on('connect', (_request: ClientRequest, socket: Duplex) =>
      refuse(
        socket,
        new HttpError(405, 'method-not-allowed', 'This server is no proxy; ask for one of its addresses.'),
      ),
    );
    // Whoever asks before it sends is told to go on when the scan has a place, by its route.
    server.on('checkContinue', (request: IncomingMessage, answer: ServerResponse) =>
      server.emit('request', request, answer),
    );
    server.on('checkExpectation', (request: IncomingMessage) =>
      refuse(
        request.socket,
        new HttpError(417, 'usage', 'The header Expect asks for something else than 100-continue; leave it out.'),
      ),
    );
  }
}

function refuse(socket: Duplex, { status, code, message }: HttpError): void {
  const body: ErrorBody = errorBodyOf({ code, message });
  const text = JSON.stringify(body);
  const headers = {
    ...HEADERS_OF_ALL,
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => {});
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('')}\r\n${text}`, () => socket.destroy());
}
