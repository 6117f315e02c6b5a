import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';

/**
 * A multipart/form-data body (RFC 7578) of one file a channel, sent as the files are read. Its
 * reader is @fastify/multipart (`server/upload.ts`).
 */
export function formOf(files: readonly AsyncIterable<Uint8Array>[]): {
  readonly type: string;
  readonly body: Readable;
} {
  const boundary = `segcanary-${randomUUID()}`;
  async function* bytes(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const [i, file] of files.entries()) {
      yield Buffer.from(
        `--${boundary}\r\nContent-Disposition: form-data; name="channel-${i}"; filename="channel-${i}"\r\nContent-Type: application/octet-stream\r\n\r\n`,
      );
      yield* file;
      yield Buffer.from('\r\n');
    }
    yield Buffer.from(`--${boundary}--\r\n`);
  }
  return { type: `multipart/form-data; boundary="${boundary}"`, body: Readable.from(bytes(), { objectMode: false }) };
}
