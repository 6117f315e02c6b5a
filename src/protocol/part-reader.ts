/** Bytes that the head of a part may have, and what stands before the first and behind the last. */
export const LONGEST_HEAD = 16_384;

/** A boundary has 70 characters at most (RFC 2046, section 5.1.1); some write longer ones. */
const LONGEST_BOUNDARY = 256;

/** Spaces that may stand behind a boundary, on its line. */
const LONGEST_PADDING = 64;

/** A multipart body that is not made as RFC 2046 says. */
export class BrokenParts extends Error {
  /** Whether it only ended too soon. */
  readonly isCut: boolean;

  constructor(what: string, isCut = false) {
    super(what);
    this.isCut = isCut;
  }
}

const CRLF = Buffer.from('\r\n');

/**
 * Takes a multipart body (RFC 2046, section 5.1) apart as it arrives, in pieces of any size. No
 * part is held: of the body, one piece and the length of a boundary or of a head are.
 */
export class PartReader {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #mark: Buffer;
  /** A line end in front, so that a boundary at the very start is found like any other. */
  #held: Buffer = CRLF;

  /** @throws BrokenParts for a boundary that is none */
  constructor(body: AsyncIterable<Uint8Array>, boundary: string | undefined) {
    if (boundary === undefined || boundary === '') throw new BrokenParts('the body has no boundary');
    if (boundary.length > LONGEST_BOUNDARY) throw new BrokenParts('the boundary of the body has no end');
    this.#pieces = body[Symbol.asyncIterator]();
    this.#mark = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /** Passes over what stands before the first boundary, and that. */
  async preamble(): Promise<void> {
    await nothingOf(this.body());
  }

  /**
   * The head of the next part, without the empty line at its end; null behind the last boundary,
   * when the body has been read to its very end, so that its sender sees all of it taken.
   */
  async head(): Promise<string | null> {
    if ((await this.#peek(2)).toString('latin1') === '--') {
      this.#held = this.#held.subarray(2);
      await nothingOf(this.#rest());
      return null;
    }
    await this.#padding();
    // The line end of the boundary is taken too: a part without headers begins with an empty line.
    let at = this.#held.indexOf('\r\n\r\n');
    while (at < 0) {
      if (this.#held.length > LONGEST_HEAD) throw new BrokenParts('the head of a part has no end');
      await this.#more();
      at = this.#held.indexOf('\r\n\r\n');
    }
    if (at > LONGEST_HEAD) throw new BrokenParts('the head of a part has no end');
    const head = this.#held.toString('latin1', Math.min(2, at), at);
    // The last line end stays: a part without a body has its boundary there.
    this.#held = this.#held.subarray(at + 2);
    return head;
  }

  /** The bytes of a part up to the next boundary, which is passed over. */
  async *body(): AsyncGenerator<Buffer, void, undefined> {
    // The line end that is held belongs to the head.
    let skipped: number = CRLF.length;
    for (;;) {
      const at = this.#held.indexOf(this.#mark);
      if (at >= 0) {
        const last = this.#held.subarray(Math.min(skipped, at), at);
        this.#held = this.#held.subarray(at + this.#mark.length);
        if (last.length > 0) yield last;
        return;
      }
      // What may be the beginning of a boundary stays.
      const sure = this.#held.length - this.#mark.length + 1;
      if (sure > skipped) {
        const piece = this.#held.subarray(skipped, sure);
        this.#held = this.#held.subarray(sure);
        skipped = 0;
        yield piece;
      }
      await this.#more();
    }
  }

  /** Lets go of the body, however much of it was read. */
  async close(): Promise<void> {
    await this.#pieces.return?.();
  }

  /** Passes over the spaces behind a boundary, which its line may have, up to its line end. */
  async #padding(): Promise<void> {
    for (let length = 0; length <= LONGEST_PADDING; length++) {
      const [first, second] = await this.#peek(2);
      if (first === CRLF[0] && second === CRLF[1]) return;
      if (first !== 0x20 && first !== 0x09) break;
      this.#held = this.#held.subarray(1);
    }
    throw new BrokenParts('something else than a part follows a boundary');
  }

  async *#rest(): AsyncGenerator<Uint8Array, void, undefined> {
    yield this.#held;
    for (;;) {
      const { done, value } = await this.#pieces.next();
      if (done) return;
      yield value;
    }
  }

  /** The next bytes, which stay. */
  async #peek(count: number): Promise<Buffer> {
    while (this.#held.length < count) await this.#more();
    return this.#held.subarray(0, count);
  }

  async #more(): Promise<void> {
    const { done, value } = await this.#pieces.next();
    if (done) throw new BrokenParts('the body ended before its last boundary', true);
    this.#held = Buffer.concat([this.#held, value]);
  }
}

/** Reads what is passed over. */
async function nothingOf(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > LONGEST_HEAD) throw new BrokenParts('there is no end of what is no part');
  }
}
