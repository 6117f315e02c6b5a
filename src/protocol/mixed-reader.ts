import { mediaTypeOf } from './media-type.js';
import { PartReader } from './part-reader.js';

/**
 * One part of a multipart body: what its Content-Disposition calls it, and its bytes, which are
 * read before the next part is asked for.
 */
export interface MixedPart {
  readonly name: string;
  readonly bytes: AsyncGenerator<Buffer, void, undefined>;
}

/**
 * The parts of a multipart body (RFC 2046) as it arrives, in pieces of any size. No part is held:
 * of the body, one piece and the length of a boundary are.
 *
 * @throws Error where the body ends before its last boundary, or is none that was made of parts
 */
export async function* mixedParts(
  contentType: string,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<MixedPart, void, undefined> {
  const reader = new PartReader(body, mediaTypeOf(contentType).parameters.get('boundary'));
  try {
    await reader.preamble();
    for (;;) {
      const head = await reader.head();
      if (head === null) return;
      const [, name = ''] = /name="([^"]*)"/.exec(head) ?? [];
      const bytes = reader.body();
      yield { name, bytes };
      for await (const _ of bytes);
    }
  } finally {
    await reader.close();
  }
}
