import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import type { Explanation, SubjectScore } from './chunks.js';
import type { DriftState } from './drift/stream.js';
import { cannotRead } from './files.js';
import type { KeptImage, ScanRecord } from './server/record.js';

export interface ClientOptions {
  /** Where the server is: `http://127.0.0.1:8470`. */
  readonly url: string;
  /** What it was started with. */
  readonly token?: string | undefined;
}

/** A scan to send: a path, or its bytes as they come. */
export type ScanBody = string | Uint8Array | AsyncIterable<Uint8Array>;

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

/** What a server refuses, in its own sentence; `status` 0 where there was no server. */
export class ServerError extends Error {
  readonly status: number;
  /** As docs/server.md lists them, or `unreachable`. */
  readonly code: string;
  /** When to come again, seconds, where the server says so. */
  readonly retryAfter: number | null;

  constructor(status: number, code: string, message: string, retryAfter: number | null = null, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ServerError';
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** `segcanary serve` from a program: the routes of docs/server.md. Every method throws `ServerError`; a body is streamed. */
export class SegcanaryClient {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;

  constructor({ url, token }: ClientOptions) {
    this.#url = url.replace(/\/+$/, '');
    this.#headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  /** Sends a scan and waits for its score. */
  async score(scan: ScanBody, options: SendOptions & { readonly explain?: boolean } = {}): Promise<SubjectScore> {
    const { explain, ...sending } = options;
    return (await this.#send(scan, { ...sending, ...(explain && { explain: '1' }) })).json() as Promise<SubjectScore>;
  }

  /** Sends a scan that is scored when its turn comes. `watch` tells of it. */
  async scoreLater(scan: ScanBody, options: SendOptions = {}): Promise<ServerRecord> {
    return (await this.#send(scan, options, { prefer: 'respond-async' })).json() as Promise<ServerRecord>;
  }

  /** What happens to a scan, until its end. */
  async *watch(id: string, signal?: AbortSignal): AsyncGenerator<ScanEvent, void, undefined> {
    const response = await this.#ask(`/v1/scans/${encodeURIComponent(id)}/events`, { signal: signal ?? null });
    let text = '';
    for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
      text += piece;
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const [, event, data] = /^event: (\w+)\ndata: (.*)$/.exec(text.slice(0, end)) ?? [];
        text = text.slice(end + 2);
        if (event === 'progress') yield { event, ...(JSON.parse(data!) as { patches: number; total: number }) };
        else if (event === 'done' || event === 'failed') yield { event, record: JSON.parse(data!) as ServerRecord };
      }
    }
  }

  /** Records, newest first; `next` is the `before` of the next page. */
  async scans(
    filter: Readonly<Record<string, string | number | undefined>> = {},
  ): Promise<{ readonly scans: readonly ServerRecord[]; readonly next: string | null }> {
    return (await this.#ask(`/v1/scans${queryOf(filter)}`)).json() as Promise<{
      scans: ServerRecord[];
      next: string | null;
    }>;
  }

  async scan(id: string): Promise<ServerRecord> {
    return (await this.#ask(`/v1/scans/${encodeURIComponent(id)}`)).json() as Promise<ServerRecord>;
  }

  /** An image of a flagged scan that the server kept. */
  async image(id: string, name: KeptImage): Promise<Readable> {
    const { body } = await this.#ask(`/v1/scans/${encodeURIComponent(id)}/${name}`);
    return Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
  }

  /** Gives a scan up, or forgets it. */
  async remove(id: string): Promise<void> {
    await this.#ask(`/v1/scans/${encodeURIComponent(id)}`, { method: 'DELETE' });
  }

  async detectors(): Promise<readonly ServerDetector[]> {
    return (await this.#ask('/v1/detectors')).json() as Promise<ServerDetector[]>;
  }

  /** The drift test of a detector, at one site or over all its scans. */
  async drift(detector: string, site?: string): Promise<DriftState> {
    return (
      await this.#ask(`/v1/detectors/${encodeURIComponent(detector)}/drift${queryOf({ site })}`)
    ).json() as Promise<DriftState>;
  }

  async #send(
    scan: ScanBody,
    { signal, ...query }: SendOptions & { readonly explain?: string },
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Response> {
    // Node's fetch reports a file that cannot be read as a failed connection: it is noted here.
    let unreadable: unknown;
    const body = typeof scan === 'string' ? createReadStream(scan) : scan;
    if (typeof scan === 'string')
      (body as Readable).once('error', (error) => {
        unreadable = error;
      });
    try {
      return await this.#ask(`/v1/scans${queryOf(query)}`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', ...headers },
        body: body as NonNullable<RequestInit['body']>,
        duplex: 'half',
        signal: signal ?? null,
      } as RequestInit);
    } catch (error) {
      throw unreadable === undefined ? error : cannotRead(scan as string, unreadable);
    }
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    let response: Response;
    try {
      response = await fetch(`${this.#url}${path}`, { ...init, headers: { ...this.#headers, ...init.headers } });
    } catch (cause) {
      if ((cause as Error).name === 'AbortError') throw cause;
      throw new ServerError(
        0,
        'unreachable',
        `${this.#url}: no server answers there; start it, or give its address.`,
        null,
        { cause },
      );
    }
    if (response.ok) return response;
    const { error } = (await response.json().catch(() => ({}))) as { error?: { code: string; message: string } };
    const after = Number(response.headers.get('retry-after') ?? Number.NaN);
    throw new ServerError(
      response.status,
      error?.code ?? 'unreachable',
      error?.message ??
        `${this.#url}: answered ${response.status}, and no segcanary does that way; give the server's address.`,
      Number.isFinite(after) ? after : null,
    );
  }
}

function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}
