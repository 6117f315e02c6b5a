import { Transform, type TransformCallback } from 'node:stream';

/** What a stage does, without the stream around it. */
export interface StageBody<In, Out> {
  /**
   * Turns one chunk into any number of chunks. The next chunk is not asked for before these have
   * been taken.
   */
  transform(chunk: In, signal: AbortSignal): Iterable<Out> | AsyncIterable<Out>;
  /** What is left to say when the input has ended. */
  flush?(signal: AbortSignal): Iterable<Out> | AsyncIterable<Out>;
  /**
   * Called once, whether the stream ended, failed or was destroyed: give back files, workers,
   * memory.
   */
  close?(): void | Promise<void>;
}

export interface StageOptions {
  /** Name in messages. */
  readonly name: string;
  /** The input is bytes, not objects. @default false */
  readonly bytesIn?: boolean;
}

/**
 * A Transform whose chunks have types. `pipeline(a, b, c)` composes stages as it composes any Node
 * streams.
 */
export interface Stage<In, Out> extends Transform {
  readonly stageName: string;
  /** Never there. It lets the compiler tell stages of different chunks apart. */
  readonly _chunks?: (input: In) => Out;
}

/**
 * The only place that constructs a Transform.
 *
 * Object mode with a highWaterMark of 1 on both sides: the default of 16 kept 175 chunks alive
 * across five stages where 1 keeps 7, and a patch is 7.3 MB. A body may yield many chunks for one
 * input (a slice completes a row of patches); the stage waits for the reader after each of them,
 * which a bare `push` in a loop would not. `signal` aborts when the stream is destroyed, so that a
 * body that waits on a worker can let go.
 */
export function stage<In, Out>(options: StageOptions, body: StageBody<In, Out>): Stage<In, Out> {
  return new BodyTransform(options, body);
}

class BodyTransform<In, Out> extends Transform {
  readonly stageName: string;
  readonly #body: StageBody<In, Out>;
  readonly #abort = new AbortController();
  #resume: (() => void) | null = null;

  constructor(options: StageOptions, body: StageBody<In, Out>) {
    super({
      readableObjectMode: true,
      readableHighWaterMark: 1,
      writableObjectMode: !options.bytesIn,
      ...(options.bytesIn ? {} : { writableHighWaterMark: 1 }),
    });
    this.stageName = options.name;
    this.#body = body;
  }

  override _transform(chunk: In, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#drain(() => this.#body.transform(chunk, this.#abort.signal)).then(() => done(), done);
  }

  override _flush(done: TransformCallback): void {
    this.#drain(() => this.#body.flush?.(this.#abort.signal) ?? []).then(() => done(), done);
  }

  override _read(size: number): void {
    const resume = this.#resume;
    this.#resume = null;
    if (resume) resume();
    else super._read(size);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#abort.abort(error ?? undefined);
    this.#resume?.();
    this.#resume = null;
    Promise.resolve(this.#body.close?.()).then(
      () => done(error),
      (closing: Error) => done(error ?? closing),
    );
  }

  async #drain(produce: () => Iterable<Out> | AsyncIterable<Out>): Promise<void> {
    for await (const out of produce()) {
      if (this.destroyed) return;
      if (!this.push(out)) {
        await new Promise<void>((resolve) => {
          this.#resume = resolve;
        });
        if (this.destroyed) return;
      }
    }
  }
}
