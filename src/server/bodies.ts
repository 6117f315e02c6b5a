import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { TELLING } from '../formats/archives/identify.js';
import { mediaTypeOf } from '../protocol/media-type.js';
import { relatedParts } from '../protocol/multipart-related.js';
import { type BodyOptions, bounded, formError } from './body-bytes.js';
import { type BodyKind, kindOf } from './body-kind.js';
import type { Pace } from './pace.js';

/** One file of a request. It is read before the next one is asked for. */
export interface BodyFile {
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Whether its sender says that it is a DICOM file. */
  readonly isSaidDicom: boolean;
}

const DICOM = 'application/dicom';

/**
 * The files of a request, one after another, within its limits and at the pace that is asked of its
 * sender: the body itself, the parts of a form, or those of a multipart/related body.
 *
 * @throws SegcanaryError `truncated`, `usage` for a body that is not made as its type says;
 *   `limit-exceeded`, `timed-out`, `aborted`
 */
export async function* filesOf(
  request: FastifyRequest,
  options: BodyOptions,
  pace: Pace,
): AsyncGenerator<BodyFile, void, undefined> {
  const contentType = request.headers['content-type'] ?? '';
  const { essence } = mediaTypeOf(contentType);
  if (essence === 'multipart/related') {
    const parts = relatedParts(contentType, bounded(request.raw, options, pace), {
      name: options.name,
      broken: 'usage',
    });
    for await (const { type, bytes } of parts) yield { bytes, isSaidDicom: ['', DICOM].includes(type.essence) };
    return;
  }
  if (!request.isMultipart()) {
    yield { bytes: bounded(request.raw, options, pace), isSaidDicom: essence === DICOM };
    return;
  }
  const { members } = options.limits;
  try {
    for await (const part of paced(request.parts({ limits: { files: members, parts: members } }), pace))
      if (part.type === 'file')
        yield {
          bytes: bounded((part as MultipartFile).file, options, pace),
          isSaidDicom: mediaTypeOf((part as MultipartFile).mimetype).essence === DICOM,
        };
  } catch (error) {
    throw formError(error);
  }
}

/** Waits for each part no longer than its sender is worth: the bytes between two are nobody's. */
async function* paced<T>(parts: AsyncIterable<T>, pace: Pace): AsyncGenerator<T, void, undefined> {
  const iterator = parts[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await pace.next(iterator.next());
      if (next.done) return;
      yield next.value;
    }
  } finally {
    // One that still waits for a part does not come back before the sender does.
    iterator.return?.().catch(() => {});
  }
}

/**
 * A file whose first bytes are looked at: as few as tell what it is.
 *
 * @returns what it is, its first bytes, and all of its bytes, those too
 * @throws what the bytes throw
 */
export async function lookedAt(
  bytes: AsyncIterable<Uint8Array>,
): Promise<{ readonly kind: BodyKind; readonly head: Buffer; readonly bytes: AsyncIterable<Uint8Array> }> {
  const rest = bytes[Symbol.asyncIterator]();
  const pieces: Uint8Array[] = [];
  let head = Buffer.alloc(0);
  let kind: BodyKind | null = null;
  while (kind === null) {
    const { done, value } = await rest.next();
    if (!done) {
      pieces.push(value);
      head = Buffer.concat([head, value]).subarray(0, TELLING);
    }
    kind = kindOf(head, done === true);
  }
  async function* all(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* pieces.splice(0);
      for (;;) {
        const { done, value } = await rest.next();
        if (done) return;
        yield value;
      }
    } finally {
      await rest.return?.();
    }
  }
  return { kind, head, bytes: all() };
}
