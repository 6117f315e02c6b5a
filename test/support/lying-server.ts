import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request, whose body has been read. */
export type Answering = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

/** An HTTP server that answers as it is told to, right or wrong. */
export class LyingServer {
  readonly url: string;
  readonly #close: () => void;
  answer: Answering;

  private constructor(url: string, answer: Answering, close: () => void) {
    this.url = url;
    this.answer = answer;
    this.#close = close;
  }

  static async start(answer: Answering): Promise<LyingServer> {
    const server = createServer((request, response) => {
      // Whoever it lies to may hang up.
      response.on('error', () => {});
      request.on('error', () => {});
      request.resume().once('end', () => void lying.answer(request, response));
    });
    server.listen(0, '127.0.0.1').unref();
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const lying = new LyingServer(`http://127.0.0.1:${port}`, answer, () => {
      server.close();
      server.closeAllConnections();
    });
    return lying;
  }

  close(): void {
    this.#close();
  }
}

/** A multipart/mixed body as a server sends it: names, and what the parts hold. */
export function mixed(parts: readonly (readonly [string, string | Uint8Array])[], boundary = 'b'): Buffer {
  return Buffer.concat([
    ...parts.flatMap(([name, bytes]) => [
      Buffer.from(`\r\n--${boundary}\r\nContent-Disposition: attachment; name="${name}"\r\n\r\n`),
      Buffer.from(bytes),
    ]),
    Buffer.from(`\r\n--${boundary}--\r\n`),
  ]);
}

export const MIXED = 'multipart/mixed; boundary="b"';
