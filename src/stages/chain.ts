import type { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Collector, collect, drain } from './collectors.js';
import { observe } from './observe.js';
import type { Stage } from './stage.js';

/** What can follow in a chain: a stage, or a chain of them. */
export type Link<In, Out> = Stage<In, Out> | Chain<In, Out>;

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Stages one behind another whose neighbours the compiler has checked: what a stage gives is what
 * the next one takes. A chain runs once, as its streams do, and can be spread into Node's own
 * `pipeline([source, ...chain, target])`.
 */
export class Chain<In, Out> implements Iterable<Transform> {
  /** Never there. It lets the compiler tell chains of different chunks apart. */
  declare readonly _chunks?: (input: In) => Out;
  readonly stages: readonly Transform[];

  /** Stages that are known to fit. `chain` and `to` make chains that the compiler has checked. */
  constructor(stages: readonly Transform[]) {
    this.stages = stages;
  }

  /** With another link behind it, which takes what comes out here. */
  to<Next>(next: Link<Out, Next>): Chain<In, Next> {
    return new Chain([...this.stages, ...stagesOf(next)]);
  }

  /** With a link behind it that may be left out, and so has to give what it takes. */
  optionally<Same>(this: Chain<In, Same>, next: Link<Same, Same> | null | undefined): Chain<In, Same> {
    return next ? this.to(next) : this;
  }

  /** Shows every chunk to `look` as it passes; a promise holds the stream back until it settles. */
  observe(look: (chunk: Out) => void | Promise<void>): Chain<In, Out> {
    return this.to(observe(look));
  }

  /**
   * Runs a source through the stages to its end.
   *
   * @param collector what is made of the chunks that come out; by default nothing is kept
   * @returns what the collector makes of them
   * @throws whatever the source or a stage throws; `AbortError` when the signal says so
   */
  run<Result, State>(
    source: AsyncIterable<In>,
    collector: Collector<Out, Result, State>,
    options?: RunOptions,
  ): Promise<Result>;
  run(source: AsyncIterable<In>, collector?: undefined, options?: RunOptions): Promise<void>;
  run(
    source: AsyncIterable<In>,
    collector?: Collector<Out, unknown, unknown>,
    { signal }: RunOptions = {},
  ): Promise<unknown> {
    const own: unknown[] = [];
    const note = (error: unknown) => own.push(error);
    const end = (chunks: AsyncIterable<Out>): Promise<unknown> =>
      collector ? collect(chunks, collector, note) : collect(chunks, drain, note);
    // Node's types know a list of streams alone, not one that begins and ends otherwise.
    const streams = [source, ...this.stages, end] as NodeJS.ReadWriteStream[];
    // A collector that fails stops the stages, and Node then tells of the stop and not of the
    // failure.
    return pipeline(streams, { signal }).catch((error: unknown) => Promise.reject(own[0] ?? error));
  }

  [Symbol.iterator](): Iterator<Transform> {
    return this.stages[Symbol.iterator]();
  }
}

/** Stages behind a source that is known: what is left is to add stages, and to run them. */
export interface Flow<Out> {
  /** With another link behind it, which takes what comes out here. */
  to<Next>(next: Link<Out, Next>): Flow<Next>;
  /** As `Chain.run`. */
  run<Result, State>(collector: Collector<Out, Result, State>, options?: RunOptions): Promise<Result>;
}

/** A source, and the stages that take what comes from it. */
export const flow = <In, Out>(source: AsyncIterable<In>, stages: Chain<In, Out>): Flow<Out> => ({
  to: (next) => flow(source, stages.to(next)),
  run: (collector, options) => stages.run(source, collector, options),
});

/** Begins a chain: `chain(load()).to(spool({ plan })).to(normalise({ plan }))`. */
export function chain<In, Out>(first: Link<In, Out>): Chain<In, Out>;
/** Begins a chain with nothing, for a first stage that may be left out. */
export function chain<T>(): Chain<T, T>;
export function chain<In, Out>(first?: Link<In, Out>): Chain<In, Out> {
  return new Chain(first ? stagesOf(first) : []);
}

const stagesOf = <In, Out>(link: Link<In, Out>): readonly Transform[] => (link instanceof Chain ? link.stages : [link]);
