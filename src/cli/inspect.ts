import type { Command } from 'commander';
import { loadDetector } from '../detectors/saved.js';
import type { LogOptions } from './log.js';
import { flagsOf } from './options.js';
import { reportDetector } from './reports.js';
import { runSession } from './session.js';

export function inspectCommand(program: Command): void {
  const command = program
    .command('inspect')
    .description('what a detector was fitted on, how well conditioned it is, what its threshold can promise')
    .argument('<detector>', 'the detector’s folder')
    .option('--ndjson', 'detector.json as one line instead of a table')
    .action((dir: string) => {
      const flags = flagsOf<LogOptions & { ndjson?: boolean }>(command);
      return runSession(flags, async ({ say, print }) => {
        const detector = await loadDetector(dir);
        if (flags.ndjson) await print({ id: detector.id, ...detector.description });
        else await say(reportDetector(detector));
        return 0;
      });
    });
}
