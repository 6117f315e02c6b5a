import { Writable } from 'node:stream';
import { type Logger, pino } from 'pino';
import { withoutControls } from '../errors.js';

export interface LogOptions {
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly json?: boolean;
}

const LEVEL_NAMES: Record<number, string> = { 40: 'warning: ', 50: '', 60: '' };

/** Sentences for people: `segcanary: …`, one line each. */
const forPeople = (beforeLine: () => void) =>
  new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      const { level, msg } = JSON.parse(line) as { level: number; msg: string };
      beforeLine();
      process.stderr.write(`segcanary: ${LEVEL_NAMES[level] ?? ''}${withoutControls(msg)}\n`, () => done());
    },
  });

/**
 * The log of the command line. Always on stderr: stdout is data. `--json` makes it pino's own
 * lines, for machines.
 *
 * @param beforeLine called before every line, to take a progress line off the terminal
 */
export function createLog(options: LogOptions, beforeLine: () => void): Logger {
  const level = options.quiet ? 'error' : options.verbose ? 'debug' : 'info';
  return pino(
    { level, base: undefined },
    options.json ? pino.destination({ dest: 2, sync: true }) : forPeople(beforeLine),
  );
}
