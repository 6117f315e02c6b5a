import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';
import { SegcanaryError } from '../../../errors.js';
import { timerMs } from '../../../limits.js';
import type { DecodeAnswer, DecodeRequest } from './worker.js';

export type Decoded = Exclude<DecodeAnswer, { error: string }>;

/** Seconds without a frame after which the thread ends, and its memory is given back. */
const IDLE = 60;

/**
 * The thread that unpacks frames, one at a time, seen from outside. It begins with the first frame.
 * A codec that has thrown once may throw at good frames ever after, and one that was stopped has
 * stopped somewhere: either way the thread ends, and the next frame begins another.
 */
export class CodecThread {
  #worker: Worker | null = null;
  /** What is under way, and has to end before the next frame is sent. */
  #queue: Promise<unknown> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  /** Number of the thread; null while there is none. */
  get threadId(): number | null {
    return this.#worker?.threadId ?? null;
  }

  /**
   * Unpacks a frame. Its bytes are transferred, and gone afterwards.
   *
   * @param seconds after which the thread is stopped
   * @param file for messages
   * @throws SegcanaryError `dicom-invalid` where the codec refuses the frame, `timed-out`
   */
  decode(request: DecodeRequest, { seconds, file }: { seconds: number; file: string }): Promise<Decoded> {
    const decoding = this.#queue.then(() => this.#run(request, seconds, file));
    this.#queue = decoding.catch(() => {});
    return decoding;
  }

  /** Ends the thread once what is under way is done. */
  close(): Promise<void> {
    const closing = this.#queue.then(() => this.#end());
    this.#queue = closing.catch(() => {});
    return closing;
  }

  async #run(request: DecodeRequest, seconds: number, file: string): Promise<Decoded> {
    clearTimeout(this.#idle);
    const worker = this.#worker ?? (await this.#start());
    worker.ref();
    try {
      const answer = await answerOf(worker, request, seconds, file);
      if ('error' in answer)
        throw new SegcanaryError(
          'dicom-invalid',
          `its packed pixels are damaged: the decoder says "${sentence(answer.error)}"; copy the file again.`,
          { subject: file },
        );
      return answer;
    } catch (error) {
      await this.#end();
      throw error;
    } finally {
      worker.unref();
      this.#idle = setTimeout(() => void this.close(), IDLE * 1000).unref();
    }
  }

  /** @throws Error where it does not start, which no file is to blame for */
  async #start(): Promise<Worker> {
    const worker = new Worker(createRequire(import.meta.url).resolve('#dicom-worker'), {
      // The process's own flags are not the worker's: `node --input-type=module -e …` would keep
      // it from starting.
      execArgv: [],
      // Whatever a codec prints goes nowhere: stdout is for data. Nobody reads these, because who
      // does keeps the process from ending.
      stdout: true,
      stderr: true,
    });
    // It says that it is ready, and nothing before.
    await once(worker, 'message');
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = null;
    });
    // While nobody waits for it: the next frame begins another.
    worker.on('error', () => {});
    this.#worker = worker;
    return worker;
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
  }
}

function answerOf(worker: Worker, request: DecodeRequest, seconds: number, file: string): Promise<DecodeAnswer> {
  return new Promise((resolve, reject) => {
    const crashed = (what: string, cause?: unknown): void =>
      done(() =>
        reject(
          new SegcanaryError('dicom-invalid', `its packed pixels crash the decoder (${what}); copy the file again.`, {
            subject: file,
            cause,
          }),
        ),
      );
    const onMessage = (answer: DecodeAnswer): void => done(() => resolve(answer));
    const onError = (cause: Error): void => crashed(sentence(cause.message), cause);
    const onExit = (code: number): void => crashed(`exit code ${code}`);
    const timer = setTimeout(() => done(() => reject(stopped(file, seconds))), timerMs(seconds));
    const done = (settle: () => void): void => {
      clearTimeout(timer);
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      settle();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(request, [request.bytes.buffer]);
  });
}

const stopped = (file: string, seconds: number): SegcanaryError =>
  new SegcanaryError(
    'timed-out',
    `a frame was not unpacked within ${seconds} s; the file is probably damaged or hostile, and if it is not, wait longer (\`limits.stall\`).`,
    { subject: file, option: 'limits.stall' },
  );

/** A codec's message as part of a sentence. */
const sentence = (message: string): string =>
  message
    .replace(/\s+/g, ' ')
    .trim()
    .replace(/[.!]+$/, '');
