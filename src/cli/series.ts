import type { Command } from 'commander';
import { listSeries } from '../jobs/list-series.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import { flagsOf, type LimitFlags, withLimitOptions, withUntiltOption } from './options.js';
import { runSession, warnOf } from './session.js';
import { sentenceOf } from './words.js';

interface SeriesCommandFlags extends LimitFlags, LogOptions {
  readonly untilt?: boolean;
  readonly tmpdir?: string;
}

export function seriesCommand(program: Command): void {
  const command = program
    .command('series')
    .description('the series in folders and archives of DICOM: which case each is, and what is wrong with it')
    .argument('<path...>', 'folders, archives and files, or - for stdin')
    .option('--tmpdir <folder>', 'where archives are unpacked (default: the system’s)');
  withUntiltOption(withLimitOptions(command)).action((paths: string[]) => {
    const flags = flagsOf<SeriesCommandFlags>(command);
    return runSession(flags, async (session) => {
      let failed = 0;
      let all = 0;
      const { signal } = session;
      for await (const listed of listSeries(paths, { ...flags, signal, onWarning: warnOf(session) })) {
        const { error } = listed;
        all++;
        failed += Number(error !== null);
        await session.print({ ...listed, error: error && { code: error.code, message: sentenceOf(error) } });
      }
      if (failed === 0) return EXIT.done;
      return failed === all ? EXIT.failed : EXIT.someScansFailed;
    });
  });
}
