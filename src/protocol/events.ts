import type { ScanProgress, ServerRecord } from './record.js';

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/** What happens to a scan that is watched; `done` and `failed` are the last. */
export type ScanEvent =
  | ({ readonly event: 'progress' } & ScanProgress)
  | { readonly event: 'done' | 'failed'; readonly record: ServerRecord };

/** One server-sent event (WHATWG HTML, 9.2), with its value as JSON, which has one line. */
export const encodeEvent = (event: ScanEvent['event'], value: object | null): string =>
  `event: ${event}\ndata: ${JSON.stringify(value)}\n\n`;

/** What readers pass over: it says that the connection is alive. */
export const encodeComment = (text: string): string => `: ${text}\n\n`;

/** What an event says of a scan; null for one that a later server may send. */
export function scanEventOf({ event, data }: ServerSentEvent): ScanEvent | null {
  if (event === 'progress') return { event, ...(JSON.parse(data) as ScanProgress) };
  if (event === 'done' || event === 'failed') return { event, record: JSON.parse(data) as ServerRecord };
  return null;
}

/**
 * Server-sent events out of the bytes of their stream, in pieces of any size. Comments and events
 * without data are passed over.
 */
export async function* eventsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent, void, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of bytes) {
    text += decoder.decode(piece, { stream: true });
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
