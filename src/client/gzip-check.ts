import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

/** Sees whether bytes that pass are gzip from the first to the last. They pass as they are. */
export class GzipCheck {
  #isWhole = false;

  /** Whether what has passed was one whole gzip. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  async *passing(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
    const gunzip = createGunzip().resume();
    const ended = finished(gunzip).then(
      () => true,
      () => false,
    );
    try {
      for await (const piece of bytes) {
        if (!gunzip.destroyed && !gunzip.write(piece))
          await Promise.race([once(gunzip, 'drain'), ended]).catch(() => {});
        yield piece;
      }
      gunzip.end();
      this.#isWhole = await ended;
    } finally {
      gunzip.destroy();
    }
  }
}
