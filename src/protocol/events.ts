import { parseJson } from './parse.js';
import { readProgress, readRecord, type ScanProgress, type ServerRecord } from './record.js';
import { holding } from './wrong-answer.js';

/** Characters that an event may have: a record with its explanation has some tens of thousands. */
const LONGEST_EVENT = 2 ** 24;

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** What happens to a scan that is watched; `done` and `failed` are the last. */
export type ScanEvent =
  | ({ readonly event: 'progress' } & ScanProgress)
  | { readonly event: 'done'; readonly record: ServerRecord }
  /** Without a record where the scan was removed before its end. */
  | { readonly event: 'failed'; readonly record: ServerRecord | null };

/** One server-sent event (WHATWG HTML, 9.2), with its value as JSON, which has one line. */
export const encodeEvent = (event: ScanEvent['event'], value: object | null): string =>
  `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`;

/** What readers pass over: it says that the connection is alive. */
export const encodeComment = (text: string): string => `: ${text}\n\n`;

/**
 * What an event says of a scan; null for one that a later server may send.
 *
 * @throws WrongAnswer; SyntaxError for what is no JSON
 */
export function scanEventOf({ event, data }: ServerSentEvent): ScanEvent | null {
  if (event === 'progress') return { event, ...readProgress(parseJson(data)) };
  if (event !== 'done' && event !== 'failed') return null;
  const value = parseJson(data);
  if (event === 'failed' && value === null) return { event, record: null };
  const record = readRecord(value);
  holding(
    (record.status === 'done') === (event === 'done'),
    `status: the scan is ${record.status}, and it is ${event}`,
  );
  return { event, record };
}

/**
 * Server-sent events out of the bytes of their stream, in pieces of any size. Comments and events
 * without data are passed over.
 *
 * @throws WrongAnswer for an event without an end
 */
export async function* eventsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent, void, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of bytes) {
    text += decoder.decode(piece, { stream: true });
    holding(text.length <= LONGEST_EVENT, 'an event has no end');
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const valuesOf = (name: string) =>
        fields.filter((field) => field.startsWith(`${name}:`)).map((field) => field.slice(name.length + 1).trimStart());
      const data = valuesOf('data');
      if (data.length > 0) yield { event: valuesOf('event').at(-1) ?? 'message', data: data.join('\n') };
    }
  }
}
