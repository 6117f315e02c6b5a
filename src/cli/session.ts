import type { Logger } from 'pino';
import { describeError, isAbort } from '../errors.js';
import { cannotWrite } from '../files/atomic.js';
import { closeStdin } from '../jobs/piped-input.js';
import { closeInference } from '../network/inference/session.js';
import type { WarningListener } from '../results.js';
import { EXIT, exitCodeOf } from './exit.js';
import { createLog, type LogOptions } from './log.js';
import { ProgressLine } from './progress.js';
import { sentenceOf } from './words.js';

/** What every command needs around its work. */
export interface Session {
  readonly log: Logger;
  readonly progress: ProgressLine;
  readonly signal: AbortSignal;
  /** One JSON object as one line on stdout. */
  print(value: object): Promise<void>;
  /** One line of text on stdout. */
  say(text: string): Promise<void>;
}

export interface SessionOptions extends LogOptions {
  /**
   * The exit code is an answer, which a reader that closes stdout does not make void: the work goes
   * on and prints nothing more.
   */
  readonly failOnOod?: boolean;
}

/** Logs a remark on a scan or a folder, by its name. */
export const warnOf =
  ({ log }: Pick<Session, 'log'>): WarningListener =>
  ({ message }, name) =>
    log.warn(`${name}: ${message}`);

/**
 * Runs a command and sets the exit code. The first SIGINT or SIGTERM aborts and lets temporary
 * files be removed, the second leaves at once; a reader that closes stdout (`| head -1`) is a clean
 * end, unless the exit code is asked for. Whatever is thrown becomes one sentence on stderr.
 */
export async function runSession(options: SessionOptions, work: (session: Session) => Promise<number>): Promise<void> {
  const controller = new AbortController();
  let ending: number | null = null;
  let isRead = true;
  const stop = (code: number) => {
    if (ending !== null) process.exit(ending);
    ending = code;
    controller.abort();
  };
  process.on('SIGINT', () => stop(EXIT.interrupted));
  process.on('SIGTERM', () => stop(EXIT.terminated));
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' || ending !== null || !isRead) return;
    if (!options.failOnOod) return stop(EXIT.done);
    isRead = false;
    log.warn('Nobody reads stdout any more: the other scans are judged, for the exit code, and not printed.');
  });
  const progress = new ProgressLine({
    quiet: options.quiet === true,
    terminal: process.stderr.isTTY === true,
    say: (text) => log.info(text),
  });
  const log = createLog(options, () => progress.clear());
  const write = (text: string) => {
    progress.clear();
    if (ending !== null || !isRead) return Promise.resolve();
    return new Promise<void>((resolve, reject) => {
      const aborted = () => resolve();
      controller.signal.addEventListener('abort', aborted, { once: true });
      process.stdout.write(`${text}\n`, (error) => {
        controller.signal.removeEventListener('abort', aborted);
        if (error && (error as NodeJS.ErrnoException).code !== 'EPIPE') reject(cannotWrite('stdout', error));
        else resolve();
      });
    });
  };
  const session: Session = {
    log,
    progress,
    signal: controller.signal,
    print: (value) => write(JSON.stringify(value)),
    say: write,
  };
  try {
    const code = await work(session);
    progress.end();
    process.exitCode = ending ?? code;
  } catch (error) {
    progress.end();
    process.exitCode = ending ?? exitCodeOf(error);
    if (ending === null || !isAbort(error)) log.fatal(sentenceOf(describeError(error)));
  }
  closeStdin();
  // A run cannot be aborted half-way, and the worker would keep the process until the patches in
  // hand are done.
  if (ending !== null) await closeInference();
}
