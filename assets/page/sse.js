/** Server-sent events, read from a stream: EventSource cannot send an Authorization header. */

/**
 * Reads events out of text that comes in pieces (HTML Standard, "Interpreting an event stream").
 * Ids, retry times and comments are skipped.
 *
 * @param {AsyncIterable<string>} pieces
 * @returns {AsyncGenerator<{event: string, data: string}>}
 */
export async function* eventsOf(pieces) {
  let rest = '';
  let event = '';
  let data = [];
  for await (const piece of pieces) {
    rest += piece;
    // A CR at the end may be half of a CRLF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop();
    for (const line of lines) {
      if (line === '') {
        if (data.length > 0) yield { event: event || 'message', data: data.join('\n') };
        event = '';
        data = [];
        continue;
      }
      const [, field, value] = /^([^:]*)(?:: ?)?([\s\S]*)$/.exec(line);
      if (field === 'event') event = value;
      else if (field === 'data') data.push(value);
    }
  }
}

/** A body as text, piece by piece. */
export async function* textOf(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
