/** Bytes that the head of a part may have, and what stands before the first and behind the last. */
const LONGEST_HEAD = 16_384;

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
  const [, boundary] = /boundary="?([^";]+)"?/.exec(contentType) ?? [];
  if (boundary === undefined) throw new Error('the body has no boundary');
  const reader = new Reader(body, Buffer.from(`\r\n--${boundary}`));
  try {
    await nothingOf(reader.untilBoundary());
    for (;;) {
      // Behind a boundary: a line end before a part, two dashes at the end.
      const behind = (await reader.take(2)).toString();
      // To the very end, so that the sender sees all of it taken.
      if (behind === '--') return await nothingOf(reader.rest());
      if (behind !== '\r\n') throw new Error('something else than a part follows a boundary');
      const head = (await reader.head()).toString();
      const [, name = ''] = /name="([^"]*)"/.exec(head) ?? [];
      const bytes = reader.untilBoundary();
      yield { name, bytes };
      for await (const _ of bytes);
    }
  } finally {
    await reader.close();
  }
}

/** Reads what is passed over. */
async function nothingOf(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > LONGEST_HEAD) throw new Error('there is no end of what is no part');
  }
}

class Reader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #mark: Buffer;
  /** A line end in front, so that a boundary at the very start is found like any other. */
  #held = Buffer.from('\r\n');

  constructor(body: AsyncIterable<Uint8Array>, mark: Buffer) {
    this.#pieces = body[Symbol.asyncIterator]();
    this.#mark = mark;
  }

  /** The bytes up to the next boundary, which is passed over. */
  async *untilBoundary(): AsyncGenerator<Buffer, void, undefined> {
    for (;;) {
      const at = this.#held.indexOf(this.#mark);
      if (at >= 0) {
        const last = this.#held.subarray(0, at);
        this.#held = this.#held.subarray(at + this.#mark.length);
        if (last.length > 0) yield last;
        return;
      }
      // What may be the beginning of a boundary stays.
      const sure = this.#held.length - this.#mark.length + 1;
      if (sure > 0) {
        const piece = this.#held.subarray(0, sure);
        this.#held = this.#held.subarray(sure);
        yield piece;
      }
      await this.#more();
    }
  }

  async *rest(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const { done, value } = await this.#pieces.next();
      if (done) return;
      yield value;
    }
  }

  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  async take(count: number): Promise<Buffer> {
    while (this.#held.length < count) await this.#more();
    const taken = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count);
    return taken;
  }

  /** The head of a part: up to its empty line. */
  async head(): Promise<Buffer> {
    let at = this.#held.indexOf('\r\n\r\n');
    while (at < 0) {
      if (this.#held.length > LONGEST_HEAD) throw new Error('the head of a part has no end');
      await this.#more();
      at = this.#held.indexOf('\r\n\r\n');
    }
    return (await this.take(at + 4)).subarray(0, at);
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#pieces.next();
    if (done) throw new Error('the body ended before its last boundary');
    this.#held = Buffer.concat([this.#held, value]);
  }
}
