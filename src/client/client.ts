import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { SegcanaryError } from '../errors.js';
import { timerMs } from '../limits.js';
import { readDetectors, readDrift, type ServerDetector, type ServerDrift } from '../protocol/detectors.js';
import { readDicom, type ServerDicom } from '../protocol/dicom.js';
import { eventsOf, type ScanEvent, scanEventOf } from '../protocol/events.js';
import {
  type KeptImage,
  readRecord,
  readRecordList,
  type ServerRecord,
  type ServerRecordList,
} from '../protocol/record.js';
import type { PostQueryName, RemoteScore, ScorePart } from '../protocol/score.js';
import { checkAgainst } from '../protocol/score-checks.js';
import { readScoreOf, refuseOtherCase } from '../protocol/score-reader.js';
import { holding, WrongAnswer } from '../protocol/wrong-answer.js';
import { type Answer, notAsAsked, readImages, readJson, readRefusal } from './answer.js';
import { type ImageTarget, ReceivedImage } from './received-image.js';
import { canBeSentTwice, type OpenBody, openBody, type ScanBody } from './scan-body.js';
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

export interface SendOptions {
  /** Name of a detector of the server. @default its first */
  readonly detector?: string | undefined;
  /** Name of the scan in the result. @default 'scan', of a DICOM series a hash of its UID */
  readonly case?: string | undefined;
  readonly site?: string | undefined;
  readonly scanner?: string | undefined;
  readonly volume?: number | undefined;
  /** Number or UID of the series, where DICOM files hold several. */
  readonly series?: string | undefined;
  /** Take a gantry tilt out of a DICOM series. @default false */
  readonly untilt?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface RemoteScoreOptions extends SendOptions {
  /** Where the uncertainty map goes. */
  readonly mask?: ImageTarget | undefined;
  /** Where the segmentation goes; the server needs a model. */
  readonly segmentation?: ImageTarget | undefined;
  /** Say what explains the verdict. @default false */
  readonly explain?: boolean | undefined;
  /**
   * What `detectors` said of the one that is to judge the scan. A score that does not follow from
   * it is refused.
   */
  readonly judge?: Partial<Pick<ServerDetector, 'hash' | 'calibration'>> | undefined;
}

type Query = Readonly<Record<string, string | number | undefined>>;
/** Names that the server knows. */
type PostQuery = Readonly<Partial<Record<PostQueryName, string | number | undefined>>>;

/**
 * `segcanary serve` from a program: the routes of docs/server.md. Scans are streamed both ways.
 *
 * Every method throws `ServerError` with what the server refuses, or with the code `unreachable`
 * where none answers and `answer-invalid` where what it answers cannot be right, and
 * `SegcanaryError` `io` for files of this machine, `aborted` when a signal says so.
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
    const { mask, segmentation, explain, untilt, judge, signal, ...query } = options;
    const targets: Partial<Record<ScorePart, ImageTarget | undefined>> = { uncertainty: mask, segmentation };
    const images = new Map<string, ReceivedImage>();
    for (const [part, target] of Object.entries(targets))
      if (target !== undefined) images.set(part, new ReceivedImage(target));
    const answer = await this.#send(
      scan,
      {
        ...query,
        mask: flag(mask),
        segment: flag(segmentation),
        explain: flag(explain),
        untilt: flag(untilt),
      },
      signal,
    );
    const asked = { case: query.case ?? null, segment: segmentation !== undefined };
    const read = (value: unknown) => {
      const score = readScoreOf(value, asked);
      if (judge) checkAgainst(score, judge);
      return score;
    };
    return images.size === 0 ? readJson(answer, read) : readImages(answer, images, read);
  }

  /** Sends a scan that is scored when its turn comes. `watch` tells of it. */
  async scoreLater(scan: ScanBody, { signal, untilt, ...query }: SendOptions = {}): Promise<ServerRecord> {
    const answer = await this.#send(scan, { ...query, untilt: flag(untilt) }, signal, { prefer: 'respond-async' }, 202);
    return readJson(answer, (value) => {
      const record = readRecord(value);
      // Its series, if there is one, is not read yet.
      refuseOtherCase(record.case, query.case ?? null);
      return record;
    });
  }

  /** What happens to a scan, until its end. */
  async *watch(id: string, signal?: AbortSignal): AsyncGenerator<ScanEvent, void, undefined> {
    const answer = await this.#ask({ path: `/v1/scans/${encodeURIComponent(id)}/events`, signal });
    try {
      for await (const sent of eventsOf(bytesOf(answer))) {
        const event = scanEventOf(sent);
        if (event === null) continue;
        if (event.event !== 'progress' && event.record) refuseOther(event.record, id);
        yield event;
        if (event.event !== 'progress') return;
      }
      throw new ServerError(0, {
        code: 'unreachable',
        message: `${this.url}: the server stopped telling of the scan before its end; ask for its record.`,
      });
    } catch (error) {
      throw notAsAsked(answer, error);
    } finally {
      answer.response.destroy();
    }
  }

  /** Records, newest first; `next` is the `before` of the next page. */
  scans(filter: Query = {}): Promise<ServerRecordList> {
    return this.#get(`/v1/scans${queryOf(filter)}`, readRecordList);
  }

  scan(id: string): Promise<ServerRecord> {
    return this.#get(`/v1/scans/${encodeURIComponent(id)}`, (value) => refuseOther(readRecord(value), id));
  }

  /** An image of a flagged scan that the server kept: gzip, but the scan itself as it came. */
  async image(id: string, name: KeptImage, signal?: AbortSignal): Promise<Readable> {
    const answer = await this.#ask({ path: `/v1/scans/${encodeURIComponent(id)}/${name}`, signal });
    return Readable.from(bytesOf(answer), { objectMode: false });
  }

  /** Gives a scan up, or forgets it. */
  async remove(id: string): Promise<void> {
    const path = `/v1/scans/${encodeURIComponent(id)}`;
    const { response } = await this.#ask({ path, method: 'DELETE' }, 204);
    response.resume();
  }

  detectors(signal?: AbortSignal): Promise<readonly ServerDetector[]> {
    return this.#get('/v1/detectors', readDetectors, signal);
  }

  /** The drift test of a detector, at one site, of one scanner, or over all its scans. */
  drift(detector: string, of?: string | { readonly site?: string; readonly scanner?: string }): Promise<ServerDrift> {
    const { site, scanner = undefined } = typeof of === 'string' ? { site: of } : (of ?? {});
    const asked = { detector, site: site ?? null, scanner: scanner ?? null };
    const query = queryOf({ site, scanner });
    return this.#get(`/v1/detectors/${encodeURIComponent(detector)}/drift${query}`, (value) => readDrift(value, asked));
  }

  /** What comes in by DICOM, and what is to be sent. */
  dicom(): Promise<ServerDicom> {
    return this.#get('/v1/dicom', readDicom);
  }

  async #send(
    scan: ScanBody,
    query: PostQuery,
    signal: AbortSignal | undefined,
    headers: Readonly<Record<string, string>> = {},
    due = 200,
  ): Promise<Answer> {
    const until = Date.now() + this.#patience * 1000;
    for (;;) {
      let sent: OpenBody | null = null;
      try {
        sent = await openBody(scan);
        return await this.#ask(
          {
            path: `/v1/scans${queryOf(query)}`,
            method: 'POST',
            headers: { 'content-type': sent.type, ...headers },
            body: sent.body,
            signal,
          },
          due,
        );
      } catch (error) {
        sent?.close();
        const seconds = error instanceof ServerError && error.status === 429 ? (error.retryAfter ?? 1) : null;
        if (seconds === null || !canBeSentTwice(scan) || Date.now() + seconds * 1000 > until) throw error;
        await wait(timerMs(seconds), undefined, { signal });
      }
    }
  }

  async #get<T>(path: string, read: (value: unknown) => T, signal?: AbortSignal): Promise<T> {
    return readJson(await this.#ask({ path, signal }), read);
  }

  /** @param due the status of the answer that is asked for */
  async #ask(what: Omit<Exchange, 'server'>, due = 200): Promise<Answer> {
    const headers = { ...this.#headers, ...what.headers };
    const response: IncomingMessage = await exchange({ ...what, server: this.url, headers });
    const answer = { response, server: this.url, signal: what.signal };
    const status = response.statusCode!;
    if (status === due) return answer;
    if (status < 200 || status >= 300) throw await readRefusal(answer);
    response.destroy();
    throw notAsAsked(answer, new WrongAnswer(`its status is ${status}, and ${due} was due`));
  }
}

function refuseOther(record: ServerRecord, id: string): ServerRecord {
  holding(record.id === id, `id: it is of ${record.id}, and ${id} was asked for`);
  return record;
}

const flag = (wanted: unknown): '1' | undefined => (wanted ? '1' : undefined);

function queryOf(values: Query): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
}
