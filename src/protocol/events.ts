export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
}

/**
 * Server-sent events (WHATWG HTML, 9.2) out of the bytes of their stream, in pieces of any size.
 * Comments and events without data are passed over.
 */
export async function* eventsOf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerSentEvent, void, undefined> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of bytes) {
    text += decoder.decode(piece, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = text.slice(0, end).split('\n');
      text = text.slice(end + 2);
      const of = (name: string) =>
        fields.filter((field) => field.startsWith(`${name}:`)).map((field) => field.slice(name.length + 1).trimStart());
      const data = of('data');
      if (data.length > 0) yield { event: of('event').at(-1) ?? 'message', data: data.join('\n') };
    }
  }
}
