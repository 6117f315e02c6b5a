import type { Command } from 'commander';
import { DEFAULT_LEVEL } from '../detectors/calibration.js';
import { openDetector } from '../detectors/opened.js';
import { loadDetector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { calibrateDetector } from '../jobs/calibrate.js';
import { truthsOf } from '../jobs/calibrate-quality.js';
import {
  calibrateQualityOf,
  hasLabels,
  type QualityFlags,
  refuseHalfOf,
  withQualityOptions,
} from './calibrate-quality.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import { namedScans } from './named-scans.js';
import { flagsOf, patientsFrom, type ScanFlags, withCohortOption, withScanOptions } from './options.js';
import { reportCalibration } from './reports.js';
import { ScanProgress } from './scan-progress.js';
import { runSession } from './session.js';
import { level } from './values.js';
import { sentenceOf } from './words.js';

interface CalibrateFlags extends Omit<ScanFlags, 'input'>, LogOptions, Partial<QualityFlags> {
  readonly input?: string[];
  readonly cohort?: string;
  readonly detector: string;
  readonly level: number;
  readonly patients?: string;
}

export function calibrateCommand(program: Command): void {
  const command = program
    .command('calibrate')
    .description('score in-distribution scans that the fit has not seen, and draw the boundary from them')
    .requiredOption('-d, --detector <folder>', 'the detector; its detector.json is rewritten')
    .option('--level <share>', 'share of in-distribution scans that the boundary is to keep', level, DEFAULT_LEVEL)
    .option('--patients <csv>', 'patient of each case: a file with the columns case and patient (default: by name)');
  withQualityOptions(command);
  withCohortOption(withScanOptions(command, 'held-out scans: files, folders or archives', false), 'val').action(() => {
    const flags = flagsOf<CalibrateFlags>(command);
    return runSession(flags, async (session) => {
      const { log, signal, say } = session;
      const inputs = await namedScans(flags, 'val', session);
      if (!inputs) throw new SegcanaryError('usage', 'Held-out scans draw the boundary; name them with -i.');
      const detector = await loadDetector(flags.detector);
      refuseHalfOf(flags);
      if (hasLabels(flags)) await truthsOf(inputs, flags.labels);
      const done = new ScanProgress(session, inputs.length);
      const { calibration, id, warnings, failures } = await calibrateDetector({
        ...flags,
        patients: await patientsFrom(flags, signal),
        detector: await openDetector(detector, flags),
        inputs,
        signal,
        onProgress: done.onProgress,
        onScan: ({ case: name, score, patches }) => {
          const seconds = done.next(name).toFixed(1);
          log.debug(`${name}: score ${score.toPrecision(6)}, ${patches} patches, ${seconds} s`);
        },
        onWarning: ({ message }, name) => log.warn(`${name}: ${message}`),
        onFailure: ({ case: name, error }) => {
          done.next(name);
          log.error(sentenceOf(error));
        },
      });
      for (const { message } of warnings) log.warn(message);
      await say(reportCalibration(detector, calibration));
      const calibrated = new Set(calibration.cases.map(({ case: name }) => name));
      const rated = inputs.filter(({ case: name }) => calibrated.has(name));
      const unrated = hasLabels(flags) ? await calibrateQualityOf({ ...detector, id }, rated, flags, session) : [];
      return failures.length + unrated.length > 0 ? EXIT.someScansFailed : EXIT.done;
    });
  });
}
