import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import type { DriftState } from '../drift/stream.js';
import { type ErrorDescription, SegcanaryError } from '../errors.js';
import { openScan } from '../formats/open.js';
import { eventsOf } from '../protocol/events.js';
import { formOf } from '../protocol/form.js';
import { mixedParts } from '../protocol/mixed-parts.js';
import type { KeptImage, ScanRecord } from '../protocol/record.js';
import type { Explanation, SubjectScore } from '../results.js';
import { type ImageTarget, ReceivedImage } from './received-image.js';
import { ServerError } from './server-error.js';
import { bytesOf, type Exchange, exchange } from './transport.js';

export interface ClientOptions {
  /** Where the server is: `http://127.0.0.1:8470`. */
  readonly url: string;
  /** What it was started with. */
  readonly token?: string | null | undefined;
  /**
   * How long, in seconds, to come again while its queue is full; only for scans that are paths or
   * bytes, which can be sent twice.
   * @default 0
   */
  readonly patience?: number | undefined;
}

/** One channel of a scan: a path, or its bytes, at once or as they come. */
export type ChannelBody = string | Uint8Array | AsyncIterable<Uint8Array>;
/** A scan to send; of several channels, all of them in the order of the plan. */
export type ScanBody = ChannelBody | readonly ChannelBody[];

export interface SendOptions {
  /** Name of a detector of the server. @default its first */
  readonly detector?: string | undefined;
  /** Name of the scan in the result. @default 'scan' */
  readonly case?: string | undefined;
  readonly site?: string | undefined;
  readonly scanner?: string | undefined;
  readonly volume?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RemoteScoreOptions extends SendOptions {
  /** Where the uncertainty map goes. */
  readonly mask?: ImageTarget | undefined;
  /** Where the segmentation goes; the server needs a model. */
  readonly segmentation?: ImageTarget | undefined;
  /** Say what explains the verdict. @default false */
  readonly explain?: boolean | undefined;
}

/** A score, and with a segmentation the voxels of each label. */
export type RemoteScore = SubjectScore & { readonly voxels?: Readonly<Record<string, number>> };

/** A record as the server sends it. */
export interface ServerRecord extends Omit<ScanRecord, 'result' | 'explanation'> {
  readonly result: SubjectScore | null;
  readonly explanation: Explanation | null;
  readonly progress: { readonly patches: number; readonly total: number } | null;
}

export type ScanEvent =
  | { readonly event: 'progress'; readonly patches: number; readonly total: number }
  | { readonly event: 'done' | 'failed'; readonly record: ServerRecord };

export interface ServerDetector {
  readonly name: string;
  readonly default: boolean;
  readonly hash: string;
  readonly kind: 'features' | 'outputs' | 'intensities';
  readonly method: string;
  readonly tap: string | null;
  readonly channels: readonly string[];
  readonly segments: boolean;
  readonly calibration: {
    readonly n: number;
    readonly min: number;
    readonly max: number;
    readonly boundary: { readonly paper: number; readonly conformal: number; readonly level: number };
  } | null;
}

type Query = Readonly<Record<string, string | number | undefined>>;

/**
 * `segcanary serve` from a program: the routes of docs/server.md. Scans are streamed both ways.
 *
 * Every method throws `ServerError` with what the server refuses, or with the code `unreachable`
 * where none answers, and `SegcanaryError` `io` for files of this machine, `aborted` when a signal
 * says so.
 */
export class SegcanaryClient {
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #patience: number;

  /** @throws SegcanaryError `usage` for what is no address */
  constructor({ url, token, patience = 0 }: ClientOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
      throw new SegcanaryError('usage', 'is no address of a server; give one as http://127.0.0.1:8470.', {
        subject: url,
      });
    this.url = url.replace(/\/+$/, '');
    this.#headers = token ? { authorization: `Bearer ${token}` } : {};
    this.#patience = patience;
  }

  /**
   * Sends a scan and waits for its score. Images that are asked for arrive while they are made;
   * files of them appear when the score is here.
   */
  async score(scan: ScanBody, options: RemoteScoreOptions = {}): Promise<RemoteScore> {
    const { mask, segmentation, explain, signal, ...query } = options;
    const images = new Map<string, ReceivedImage>();
    if (mask !== undefined) images.set('uncertainty', new ReceivedImage(mask));
    if (segmentation !== undefined) images.set('segmentation', new ReceivedImage(segmentation));
    const wishes = { mask: mask && '1', segment: segmentation && '1', explain: explain ? '1' : undefined };
    const response = await this.#send(scan, { ...query, ...wishes } as Query, signal);
    return images.size === 0 ? this.#json(response, signal) : this.#receive(response, images, signal);
  }

  /** Sends a scan that is scored when its turn comes. `watch` tells of it. */
  async scoreLater(scan: ScanBody, { signal, ...query }: SendOptions = {}): Promise<ServerRecord> {
    return this.#json(await this.#send(scan, query, signal, { prefer: 'respond-async' }), signal);
  }

  /** What happens to a scan, until its end. */
  async *watch(id: string, signal?: AbortSignal): AsyncGenerator<ScanEvent, void, undefined> {
    const response = await this.#ask({ path: `/v1/scans/${encodeURIComponent(id)}/events`, signal });
    for await (const { event, data } of eventsOf(bytesOf(response, this.url, signal))) {
      const value = JSON.parse(data);
      if (event === 'progress') yield { event, ...(value as { patches: number; total: number }) };
      else if (event === 'done' || event === 'failed') yield { event, record: value as ServerRecord };
    }
  }

  /** Records, newest first; `next` is the `before` of the next page. */
  scans(filter: Query = {}): Promise<{ readonly scans: readonly ServerRecord[]; readonly next: string | null }> {
    return this.#get(`/v1/scans${queryOf(filter)}`);
  }

  scan(id: string): Promise<ServerRecord> {
    return this.#get(`/v1/scans/${encodeURIComponent(id)}`);
  }

  /** An image of a flagged scan that the server kept: gzip, but the scan itself as it came. */
  async image(id: string, name: KeptImage, signal?: AbortSignal): Promise<Readable> {
    const response = await this.#ask({ path: `/v1/scans/${encodeURIComponent(id)}/${name}`, signal });
    return Readable.from(bytesOf(response, this.url, signal), { objectMode: false });
  }

  /** Gives a scan up, or forgets it. */
  async remove(id: string): Promise<void> {
    (await this.#ask({ path: `/v1/scans/${encodeURIComponent(id)}`, method: 'DELETE' })).resume();
  }

  detectors(signal?: AbortSignal): Promise<readonly ServerDetector[]> {
    return this.#get('/v1/detectors', signal);
  }

  /** The drift test of a detector, at one site or over all its scans. */
  drift(detector: string, site?: string): Promise<DriftState> {
    return this.#get(`/v1/detectors/${encodeURIComponent(detector)}/drift${queryOf({ site })}`);
  }

  async #send(
    scan: ScanBody,
    query: Query,
    signal: AbortSignal | undefined,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<IncomingMessage> {
    const channels = Array.isArray(scan) ? (scan as readonly ChannelBody[]) : [scan as ChannelBody];
    const canBeSentTwice = channels.every((channel) => typeof channel === 'string' || channel instanceof Uint8Array);
    const until = Date.now() + this.#patience * 1000;
    for (;;) {
      const files: Readable[] = [];
      try {
        for (const channel of channels) files.push(await streamOf(channel));
        const single = files.length === 1 ? files[0] : null;
        const { type, body } = single ? { type: 'application/octet-stream', body: single } : formOf(files);
        // Of several, those whose turn did not come.
        body.once('close', () => closeAll(files));
        return await this.#ask({
          path: `/v1/scans${queryOf(query)}`,
          method: 'POST',
          headers: { 'content-type': type, ...headers },
          body,
          signal,
        });
      } catch (error) {
        closeAll(files);
        const seconds = error instanceof ServerError && error.status === 429 ? (error.retryAfter ?? 1) : null;
        if (seconds === null || !canBeSentTwice || Date.now() + seconds * 1000 > until) throw error;
        await wait(seconds * 1000, undefined, { signal });
      }
    }
  }

  async #receive(
    response: IncomingMessage,
    images: ReadonlyMap<string, ReceivedImage>,
    signal: AbortSignal | undefined,
  ): Promise<RemoteScore> {
    let result: RemoteScore | null = null;
    try {
      for await (const part of mixedParts(
        response.headers['content-type'] ?? '',
        bytesOf(response, this.url, signal),
      )) {
        if (part.name === 'result') result = this.#resultOf(response, await textOf(part.bytes));
        else await images.get(part.name)?.receive(part.bytes);
      }
      if (!result) throw new Error('there was no result in the answer');
      for (const image of images.values()) await image.commit();
      return result;
    } catch (error) {
      for (const image of images.values()) await image.discard();
      response.destroy();
      if (error instanceof ServerError || error instanceof SegcanaryError) throw error;
      throw this.#misunderstood(response, error);
    }
  }

  /** Behind images, what fails is told in the place of the result. */
  #resultOf(response: IncomingMessage, text: string): RemoteScore {
    const value = JSON.parse(text) as RemoteScore | { readonly error: ErrorDescription };
    if (!('error' in value)) return value;
    throw new ServerError(response.statusCode!, value.error);
  }

  async #get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return this.#json(await this.#ask({ path, signal }), signal);
  }

  async #json<T>(response: IncomingMessage, signal: AbortSignal | undefined): Promise<T> {
    const text = await textOf(bytesOf(response, this.url, signal));
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw this.#misunderstood(response, cause);
    }
  }

  async #ask(what: Omit<Exchange, 'server'>): Promise<IncomingMessage> {
    const response = await exchange({ ...what, server: this.url, headers: { ...this.#headers, ...what.headers } });
    const status = response.statusCode!;
    if (status >= 200 && status < 300) return response;
    const text = await textOf(bytesOf(response, this.url, what.signal));
    let error: ErrorDescription;
    try {
      ({ error } = JSON.parse(text));
      if (typeof error.message !== 'string') throw new Error('no sentence');
    } catch (cause) {
      throw this.#misunderstood(response, cause);
    }
    const after = Number(response.headers['retry-after'] ?? Number.NaN);
    throw new ServerError(status, error, { retryAfter: Number.isFinite(after) ? after : null });
  }

  #misunderstood(response: IncomingMessage, cause: unknown): ServerError {
    const what = `${this.url}: something answered with ${response.statusCode}, and not as a segcanary server does; give the server’s address.`;
    return new ServerError(response.statusCode!, { code: 'unreachable', message: what }, { cause });
  }
}

async function streamOf(channel: ChannelBody): Promise<Readable> {
  if (typeof channel === 'string') return openScan(channel);
  if (channel instanceof Uint8Array) return Readable.from([channel]);
  return channel instanceof Readable ? channel : Readable.from(channel, { objectMode: false });
}

const closeAll = (files: readonly Readable[]): void => {
  for (const file of files) file.destroy();
};

async function textOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytes) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

function queryOf(values: Query): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}
