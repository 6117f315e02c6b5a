import { type Command, Option } from 'commander';
import { ESTIMATORS, type Estimator } from '../detectors/estimators.js';
import { adviceSentence } from '../evaluate/advice.js';
import { AGGREGATORS } from '../evaluate/aggregators.js';
import type { Evaluated } from '../evaluate/evaluation.js';
import { differencesTable, resultsTable, shiftsTable } from '../evaluate/results.js';
import { makeFolder } from '../files/atomic.js';
import { cohortInputOf, openCohort } from '../jobs/cohort-inputs.js';
import { type EvaluationResult, evaluateCohort } from '../jobs/evaluate.js';
import { evaluationOutputs, writeEvaluation } from '../jobs/evaluation-folder.js';
import { Outputs } from '../jobs/outputs.js';
import type { ScanInput } from '../jobs/scan-input.js';
import { openEvaluationModel } from '../network/folder.js';
import { advisedCommands } from './advised-commands.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import {
  flagsOf,
  type PlanFlags,
  type ReadingFlags,
  type SeriesFlags,
  withFoldsOption,
  withModelOptions,
  withReadingOptions,
  withUntiltOption,
} from './options.js';
import { ScanProgress } from './scan-progress.js';
import { runSession, type Session } from './session.js';
import { table } from './table.js';
import { fraction, listOf, wholeNumber } from './values.js';
import { flagOf, sentenceOf } from './words.js';

interface EvaluateFlags extends ReadingFlags, Pick<SeriesFlags, 'untilt'>, PlanFlags, LogOptions {
  readonly model: string;
  readonly folds?: readonly number[];
  readonly tap?: readonly string[];
  readonly estimator: Estimator;
  readonly stepSize?: number;
  readonly passes?: readonly ('mirrors' | 'dropout')[];
  readonly aggregate?: readonly string[];
  readonly tau: number;
  readonly harm: number;
  readonly against?: string;
  readonly resamples: number;
  readonly seed: number;
  readonly cache?: string;
  readonly output: string;
}

export function evaluateCommand(program: Command): void {
  const command = program
    .command('evaluate')
    .description('run every detector on a cohort and say which to use, with which boundary, and how sure that is')
    .argument('<cohort>', 'CSV file: case,image,label,split,group,shift,dataset (docs/evaluating.md)');
  withModelOptions(command, 'nnU-Net’s model folder, with exported networks');
  withFoldsOption(command, 'folds: the first is judged, all are compared for pairwise Dice', [0])
    .option(
      '--tap <tensor...>',
      'tensors to tap, stage-1, stage-2, …, or stages: the end of every stage of the encoder (default: the bottleneck; see segcanary taps)',
    )
    .addOption(new Option('--estimator <name>', 'of the covariances').choices(ESTIMATORS).default('ledoit-wolf'))
    .option(
      '--step-size <fraction>',
      'distance between patches as a fraction of the patch (default: as fit does)',
      fraction,
    )
    .option(
      '--passes <list>',
      'mirrors (up to 7 passes more), dropout (10 more), or both (default: neither)',
      listOf('mirrors', 'dropout'),
    )
    .option(
      '--aggregate <list>',
      'how patches and voxels become a score: mean, foreground, interior, worst, top (default: mean)',
      listOf(...AGGREGATORS.map((a) => a.name)),
    )
    .option('--tau <dice>', 'a segmentation below this Dice has failed', fraction, 0.6)
    .option('--harm <dice>', 'a shift harms that takes more than this from the mean Dice', fraction, 0.1)
    .option('--against <detector>', 'compare every other detector with this one, in pairs (default: with the best)')
    .option('--resamples <n>', 'of the bootstrap', wholeNumber, 2000)
    .option('--seed <n>', 'of bootstrap and dropout', wholeNumber, 0)
    .option(
      '--cache <folder>',
      'where what was seen of scans is kept, so that an evaluation resumes (default: <output>.cache)',
    )
    .requiredOption('-o, --output <folder>', 'report.html, results.json, results.csv, harmful.csv, cases.csv');
  withUntiltOption(withReadingOptions(command)).action((path: string) => {
    const flags = flagsOf<EvaluateFlags>(command);
    return runSession(flags, (session) => evaluate(path, flags, session));
  });
}

async function evaluate(path: string, flags: EvaluateFlags, session: Session): Promise<number> {
  const { log, progress, signal } = session;
  const cohort = await openCohort(path, signal);
  const model = await openEvaluationModel(flags.model, { ...flags, signal });
  const inputOf = cohortInputOf({ ...flags, signal });
  const scans: ScanInput[] = [];
  for (const c of cohort) scans.push(await inputOf(c));
  const labels = cohort.flatMap(({ label }) => label ?? []);
  await Outputs.plan(
    { inputs: scans, files: [path, ...labels, ...(model.files ?? [])] },
    evaluationOutputs(flags.output),
  );
  await makeFolder(flags.output);
  const done = new ScanProgress(session, cohort.length);
  const result = await evaluateCohort({
    ...flags,
    name: path,
    aggregators: flags.aggregate,
    taps: flags.tap,
    margin: flags.harm,
    model,
    cohort,
    cache: flags.cache ?? `${flags.output.replace(/\/+$/, '')}.cache`,
    signal,
    onProgress: done.onProgress,
    onScan: (scan) => {
      const seconds = done.next(scan.case).toFixed(1);
      log.debug(`${scan.case}: ${seconds} s${scan.cached ? ' (from the cache)' : ''}`);
    },
    onWarning: ({ message }, name) => log.warn(`${name}: ${message}`),
    onFailure: ({ case: name, error }) => {
      log.error(`${done.at} ${name}: ${sentenceOf(error)}`);
      done.next(name);
    },
    onFit: (method) => progress.update(`fitting ${method}`),
    onUnfitted: ({ method, error }) => log.warn(`${method} is left out: ${sentenceOf(error)}`),
    onPictures: () => progress.update('looking at notable scans'),
    onOmitted: (why) => log.warn(sentenceOf(why)),
  });
  progress.clear();
  const commands = result.advice ? advisedCommands(result.advice.recipe, path, flags) : [];
  await writeEvaluation(flags.output, result, { words: flagOf, commands });
  await sayEvaluation(result, flags.harm, session);
  if (result.advice) await session.say(`\n${adviceSentence(result.advice)}\n\n${commands.join('\n')}`);
  return result.results.failures.length > 0 ? EXIT.someScansFailed : EXIT.done;
}

/** The tables that people read. */
async function sayEvaluation({ evaluation, advice }: EvaluationResult, harm: number, { say }: Session): Promise<void> {
  const { methods, shifts, harmful, comparison } = evaluation;
  const sayTable = async (evaluated: Evaluated) => {
    const { head, rows } = resultsTable(evaluated);
    await say(table(head, rows));
    if (!evaluated.comparison.against) return;
    const differences = differencesTable(evaluated.comparison.against);
    await say(`\n${table(differences.head, differences.rows)}`);
  };
  await sayTable(evaluation);
  if (shifts.length > 0) {
    const best = methods.find(({ name }) => name === (advice?.method ?? comparison.best.auroc?.method));
    const { head, rows } = shiftsTable(shifts, best ?? methods[0]);
    await say(`\n${table(head, rows)}`);
  }
  if (harmful) {
    await say(`\nOn the shifts that harm (a drop of the mean Dice of more than ${harm}) alone:\n`);
    await sayTable(harmful);
  }
  if (comparison.against)
    await say(
      'Of differences, * marks those whose 95 % interval does not hold 0; more AUROC and less of the others is better.',
    );
  await say(
    '* the best on this cohort; + as good: the 95 % interval of the paired difference to the best holds 0 (bootstrap over test scans).',
  );
}
