import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { type ErrorCode, SegcanaryError } from '../errors.js';
import { cannotRead } from '../files/atomic.js';
import type { FileRange } from '../files/file-range.js';
import { type MediaType, mediaTypeOf } from './media-type.js';
import { BrokenParts, PartReader } from './part-reader.js';

/** One part of a multipart/related body. Its bytes are read before the next part is asked for. */
export interface RelatedPart {
  /** By their names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  /** Its Content-Type; empty where it has none. */
  readonly type: MediaType;
  readonly bytes: AsyncGenerator<Buffer, void, undefined>;
}

export interface RelatedOptions {
  /** What the body is, for messages. */
  readonly name: string;
  /** The code of what is no multipart body at all. A body that ends too soon is `truncated`. */
  readonly broken: ErrorCode;
}

/** The content type of a body of DICOM files, as PS3.18, section 8.6.1.2 has it. */
export const DICOM_PARTS = 'multipart/related; type="application/dicom"';

/**
 * The parts of a multipart/related body (RFC 2387) as it arrives, in pieces of any size, at the
 * pace of whoever reads them. No part is held; the heads of parts have 16 kB at most.
 * `relatedBody` writes such bodies.
 *
 * @throws SegcanaryError `truncated` where the body ends before its last boundary, `options.broken`
 *   where it is not made of parts; what the body throws
 */
export async function* relatedParts(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
  options: RelatedOptions,
): AsyncGenerator<RelatedPart, void, undefined> {
  let reader: PartReader | null = null;
  try {
    reader = new PartReader(body, mediaTypeOf(contentType).parameters.get('boundary'));
    await reader.preamble();
    for (;;) {
      const head = await reader.head();
      if (head === null) return;
      const headers = headersOf(head);
      const bytes = told(reader.body(), options);
      yield { headers, type: mediaTypeOf(headers.get('content-type') ?? ''), bytes };
      for await (const _ of bytes);
    }
  } catch (error) {
    throw sentenceOf(error, options);
  } finally {
    await reader?.close();
  }
}

async function* told(
  bytes: AsyncGenerator<Buffer, void, undefined>,
  options: RelatedOptions,
): AsyncGenerator<Buffer, void, undefined> {
  try {
    yield* bytes;
  } catch (error) {
    throw sentenceOf(error, options);
  }
}

function sentenceOf(error: unknown, { name, broken }: RelatedOptions): unknown {
  if (!(error instanceof BrokenParts)) return error;
  const advice = error.isCut ? 'send it again' : 'send it as RFC 2387 says';
  return new SegcanaryError(error.isCut ? 'truncated' : broken, `${error.message}; ${advice}.`, {
    subject: name,
    cause: error,
  });
}

/** Lines that continue the one before begin with a space (RFC 5322, section 2.2.3). */
function headersOf(head: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
  }
  return headers;
}

/** A body that can be sent: its type, its length in bytes, and what reads its files. */
export interface RelatedBody {
  readonly contentType: string;
  readonly length: number;
  readonly body: Readable;
}

/**
 * A multipart/related body of DICOM files, one a part, read as they are sent: a piece of 256 kB is
 * held, and none of a file that is not under way. Nothing but the content type stands in a head:
 * the names of files may be those of patients.
 *
 * @throws SegcanaryError (while it is read) `io` for a file that cannot be read, or is shorter than
 *   its range
 */
export function relatedBody(files: readonly FileRange[]): RelatedBody {
  const boundary = `segcanary-${randomUUID()}`;
  const heads = files.map((_, i) =>
    Buffer.from(`${i === 0 ? '' : '\r\n'}--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`),
  );
  const end = Buffer.from(`${files.length === 0 ? '' : '\r\n'}--${boundary}--\r\n`);
  async function* bytes(): AsyncGenerator<Buffer, void, undefined> {
    for (const [i, file] of files.entries()) {
      yield heads[i];
      yield* bytesOfRange(file);
    }
    yield end;
  }
  return {
    contentType: `${DICOM_PARTS}; boundary="${boundary}"`,
    length: files.reduce((sum, file, i) => sum + heads[i].length + file.length, end.length),
    body: Readable.from(bytes(), { objectMode: false }),
  };
}

async function* bytesOfRange({ name, path, start, length }: FileRange): AsyncGenerator<Buffer, void, undefined> {
  if (length === 0) return;
  let done = 0;
  try {
    for await (const piece of createReadStream(path, { start, end: start + length - 1, highWaterMark: 1 << 18 })) {
      done += piece.length;
      yield piece;
    }
  } catch (cause) {
    throw cannotRead(name, cause);
  }
  if (done < length)
    throw new SegcanaryError('io', `it became shorter while it was read: ${done} of ${length} bytes; send it again.`, {
      subject: name,
    });
}
