import { type Command, Option } from 'commander';
import { ESTIMATORS, type Estimator } from '../detectors/estimators.js';
import { ihf } from '../detectors/methods/ihf.js';
import { DEFAULT_METHOD, METHOD_NAMES } from '../detectors/methods/registry.js';
import { OUTPUT_METHOD_NAMES, outputMethod } from '../detectors/outputs/registry.js';
import { SegcanaryError } from '../errors.js';
import { fitDetector } from '../jobs/fit.js';
import { fitIntensityDetector } from '../jobs/fit-intensities.js';
import { saveOutputDetector } from '../jobs/fit-outputs.js';
import type { ScanInput } from '../jobs/inputs.js';
import { openModel, openSegmentationModel } from '../network/folder.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import { namedScans } from './named-scans.js';
import {
  flagsOf,
  type PlanFlags,
  patientsFrom,
  type ScanFlags,
  withCohortOption,
  withFoldOption,
  withModelOptions,
  withScanOptions,
} from './options.js';
import { reportFit, reportIntensityFit, reportOutputDetector } from './reports.js';
import { ScanProgress } from './scan-progress.js';
import { runSession, type Session } from './session.js';
import { fraction, wholeNumber } from './values.js';
import { sentenceOf } from './words.js';

/** Every detector that there is. */
const NAMES = [...METHOD_NAMES, ihf.name, ...OUTPUT_METHOD_NAMES];

interface FitFlags extends Omit<ScanFlags, 'input'>, PlanFlags, LogOptions {
  readonly input?: string[];
  readonly cohort?: string;
  readonly model: string;
  readonly fold: number;
  readonly tap?: string;
  readonly detector: string;
  readonly estimator: Estimator;
  readonly stepSize?: number;
  readonly seed: number;
  readonly cache?: string;
  readonly patients?: string;
  readonly output: string;
}

export function fitCommand(program: Command): void {
  const command = program
    .command('fit')
    .description('fit a detector to scans like those that the model was trained on');
  withFoldOption(withModelOptions(command, 'nnU-Net’s model folder, or an ONNX file'))
    .option(
      '--tap <tensor>',
      'the tensor that a detector on a tap judges, or stage-1, stage-2, … (default: the bottleneck; see segcanary taps)',
    )
    .addOption(
      new Option('--detector <name>', 'how scans are judged: docs/detectors.md').choices(NAMES).default(DEFAULT_METHOD),
    )
    .addOption(new Option('--estimator <name>', 'of the covariance').choices(ESTIMATORS).default('ledoit-wolf'))
    .option(
      '--step-size <fraction>',
      'distance between patches as a fraction of the patch (default: 0.5, and patches that hardly overlap for multi-depth)',
      fraction,
    )
    .option('--seed <n>', 'of passes with dropout', wholeNumber, 0)
    .option('--patients <csv>', 'patient of each case: a file with the columns case and patient (default: by name)')
    .option('--cache <folder>', 'where embeddings are kept, so that a fit resumes (default: <output>.cache)')
    .requiredOption('-o, --output <folder>', 'the detector');
  const inputs = 'training scans: files, folders or archives (a detector on outputs needs none)';
  withCohortOption(withScanOptions(command, inputs, false), 'train').action(() => {
    const flags = flagsOf<FitFlags>(command);
    return runSession(flags, async (session) => {
      if (outputMethod(flags.detector)) return makeOnOutputs(flags, session);
      const training = await namedScans(flags, 'train', session);
      if (!training)
        throw new SegcanaryError('usage', `${flags.detector} is fitted to training scans; name them with -i.`);
      return flags.detector === ihf.name
        ? fitOnIntensities(flags, training, session)
        : fitOnFeatures(flags, training, session);
    });
  });
}

async function fitOnFeatures(flags: FitFlags, inputs: readonly ScanInput[], session: Session): Promise<number> {
  const { log, progress, signal, say } = session;
  const cache = flags.cache ?? `${flags.output.replace(/\/+$/, '')}.cache`;
  const done = new ScanProgress(session, inputs.length);
  const result = await fitDetector({
    ...flags,
    patients: await patientsFrom(flags, signal),
    method: flags.detector,
    model: await openModel(flags.model, { ...flags, signal }),
    inputs,
    cache,
    signal,
    onProgress: done.onProgress,
    onScan: ({ case: name, patches, cached }) => {
      const seconds = done.next(name).toFixed(1);
      log.debug(`${name}: ${patches} patches, ${seconds} s${cached ? ' (from the cache)' : ''}`);
    },
    onFit: () => progress.update('fitting the detector'),
    onWarning: ({ message }, name) => log.warn(`${name}: ${message}`),
    onFailure: ({ case: name, error }) => {
      done.next(name);
      log.error(sentenceOf(error));
    },
  });
  progress.clear();
  for (const warning of result.warnings) log.warn(warning.message);
  log.info(
    `The embeddings are kept in ${cache}: fit again with another detector or estimator, and no network is run again.`,
  );
  await say(reportFit(result, flags.output));
  return result.failures.length > 0 ? EXIT.someScansFailed : EXIT.done;
}

async function fitOnIntensities(flags: FitFlags, inputs: readonly ScanInput[], session: Session): Promise<number> {
  const { log, progress, signal, say } = session;
  const done = new ScanProgress(session, inputs.length);
  const result = await fitIntensityDetector({
    ...flags,
    patients: await patientsFrom(flags, signal),
    model: await openModel(flags.model, { ...flags, signal }),
    inputs,
    signal,
    onScan: ({ case: name }) => log.debug(`${name}: ${done.next(name).toFixed(1)} s`),
    onWarning: ({ message }, name) => log.warn(`${name}: ${message}`),
    onFailure: ({ case: name, error }) => {
      done.next(name);
      log.error(sentenceOf(error));
    },
  });
  progress.clear();
  for (const warning of result.warnings) log.warn(warning.message);
  await say(reportIntensityFit(result, flags.output));
  return result.failures.length > 0 ? EXIT.someScansFailed : EXIT.done;
}

async function makeOnOutputs(flags: FitFlags, session: Session): Promise<number> {
  const method = outputMethod(flags.detector);
  const folds = method?.passes === 'folds' ? undefined : [flags.fold];
  const result = await saveOutputDetector({
    ...flags,
    method: flags.detector,
    model: await openSegmentationModel(flags.model, { ...flags, folds, signal: session.signal }),
    inputs: (await namedScans(flags, 'train', session)) ?? [],
    signal: session.signal,
  });
  await session.say(reportOutputDetector(result, flags.output));
  return EXIT.done;
}
