import type { Command } from 'commander';
import { openDetector } from '../detectors/opened.js';
import { loadDetector } from '../detectors/saved.js';
import { calibrateDetector } from '../jobs/calibrate.js';
import { truthsOf } from '../jobs/calibrate-quality.js';
import { resolveInputs } from '../jobs/inputs.js';
import {
  calibrateQualityOf,
  hasLabels,
  type QualityFlags,
  refuseHalfOf,
  withQualityOptions,
} from './calibrate-quality.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import { flagsOf, type ScanFlags, withScanOptions } from './options.js';
import { reportCalibration } from './reports.js';
import { ScanProgress } from './scan-progress.js';
import { runSession } from './session.js';
import { sentenceOf } from './words.js';

interface CalibrateFlags extends ScanFlags, LogOptions, Partial<QualityFlags> {
  readonly detector: string;
}

export function calibrateCommand(program: Command): void {
  const command = program
    .command('calibrate')
    .description('score in-distribution scans that the fit has not seen, and draw the boundary from them')
    .requiredOption('-d, --detector <folder>', 'the detector; its detector.json is rewritten');
  withQualityOptions(command);
  withScanOptions(command, 'held-out scans: files or folders').action(() => {
    const flags = flagsOf<CalibrateFlags>(command);
    return runSession(flags, async (session) => {
      const { log, signal, say } = session;
      const detector = await loadDetector(flags.detector);
      refuseHalfOf(flags);
      const inputs = await resolveInputs(flags.input);
      if (hasLabels(flags)) await truthsOf(inputs, flags.labels);
      const done = new ScanProgress(session, inputs.length);
      const { calibration, failures } = await calibrateDetector({
        ...flags,
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
      await say(reportCalibration(detector, calibration));
      const unrated = hasLabels(flags) ? await calibrateQualityOf(detector, inputs, flags, session) : [];
      return failures.length + unrated.length > 0 ? EXIT.someScansFailed : EXIT.done;
    });
  });
}
