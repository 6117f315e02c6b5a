import type { Command } from 'commander';
import { loadDetector } from '../detectors/saved.js';
import { type DetectorVerification, verifyDetector } from '../jobs/verify.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import { flagsOf } from './options.js';
import { reportDetector } from './reports.js';
import { runSession } from './session.js';

export function inspectCommand(program: Command): void {
  const command = program
    .command('inspect')
    .description('what a detector was fitted on, how well conditioned it is, what its threshold can promise')
    .argument('<detector>', 'the detector’s folder')
    .option('--ndjson', 'detector.json, or with --verify the checks, as one line instead of a table')
    .option('--verify', 'check every hash, what follows from what, and that its networks run; 1 where a check fails')
    .action((dir: string) => {
      const flags = flagsOf<LogOptions & { ndjson?: boolean; verify?: boolean }>(command);
      return runSession(flags, async ({ say, print }) => {
        if (flags.verify) {
          const found = await verifyDetector(dir);
          if (flags.ndjson) await print(found);
          else await say(reportVerification(found));
          return found.ok ? EXIT.done : EXIT.failed;
        }
        const detector = await loadDetector(dir);
        if (flags.ndjson) await print({ id: detector.id, ...detector.description });
        else await say(reportDetector(detector));
        return EXIT.done;
      });
    });
}

/** A line a check. */
const reportVerification = ({ id, checks }: DetectorVerification): string =>
  [
    ...(id ? [id] : []),
    ...checks.map(({ check, ok, message }) => `${ok ? 'ok    ' : 'WRONG '}  ${check.padEnd(14)}  ${message}`),
  ].join('\n');
