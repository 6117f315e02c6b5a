import { PassThrough } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { encodeComment, encodeEvent, type ScanEvent } from '../protocol/events.js';
import type { ScanProgress } from '../protocol/record.js';

export interface EventSourceOptions {
  watch(onProgress: (progress: ScanProgress) => void, onEnd: () => void): () => void;
  /** The record as it is now; null where it was removed. */
  record(): { readonly status: string } | null;
}

/** Proxies and browsers give up on a connection that says nothing. */
const HEARTBEAT = 15_000;

/**
 * Server-sent events of a scan: `progress` with every patch, at most ten a second, then `done` or
 * `failed` with its record, and the end.
 */
export function sendEvents(reply: FastifyReply, { watch, record }: EventSourceOptions): FastifyReply {
  const body = new PassThrough();
  // The head goes out now: a scan that waits for its sender has no event for a while.
  body.write(encodeComment('watching'));
  const say = (event: ScanEvent['event'], value: object | null) => {
    // A reader who does not keep up misses steps, not the end.
    if (event !== 'progress' || !body.writableNeedDrain) body.write(encodeEvent(event, value));
  };
  let last = 0;
  const beat = setInterval(() => body.write(encodeComment('still there')), HEARTBEAT);
  const stop = watch(
    (progress) => {
      if (performance.now() - last < 100 && progress.patches < progress.total) return;
      last = performance.now();
      say('progress', progress);
    },
    () => {
      const found = record();
      say(found?.status === 'done' ? 'done' : 'failed', found);
      body.end();
    },
  );
  body.on('close', () => {
    clearInterval(beat);
    stop();
  });
  return reply.type('text/event-stream').header('x-accel-buffering', 'no').send(body);
}
