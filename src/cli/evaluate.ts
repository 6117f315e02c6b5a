import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type Command, Option } from 'commander';
import { ESTIMATORS, type Estimator } from '../detectors/estimators.js';
import { PATCH_METHODS } from '../detectors/methods/registry.js';
import { describeError, isAbort, SegcanaryError } from '../errors.js';
import { AGGREGATORS } from '../evaluate/aggregators.js';
import { readCohort } from '../evaluate/cohort.js';
import { type Evaluated, evaluationOf, type JudgedMethod, type ScoredMethod } from '../evaluate/evaluation.js';
import { casesCsv, differencesTable, resultsCsv, resultsTable, shiftsTable } from '../evaluate/results.js';
import { cannotRead, makeFolder, writeFileAtomically } from '../files/atomic.js';
import { scoreCohort } from '../jobs/evaluate.js';
import { openSegmentationModel } from '../network/folder.js';
import { evaluationHtml } from '../report/evaluation.js';
import { notablePictures } from '../report/pictures.js';
import { version } from '../version.js';
import { EXIT } from './exit.js';
import type { LogOptions } from './log.js';
import {
  flagsOf,
  type PlanFlags,
  type ReadingFlags,
  withFoldsOption,
  withModelOptions,
  withReadingOptions,
} from './options.js';
import { runSession, type Session } from './session.js';
import { table } from './table.js';
import { fraction, listOf, wholeNumber } from './values.js';
import { sentenceOf } from './words.js';

interface EvaluateFlags extends ReadingFlags, PlanFlags, LogOptions {
  readonly model: string;
  readonly folds?: readonly number[];
  readonly tap?: readonly string[];
  readonly estimator: Estimator;
  readonly stepSize: number;
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
      'tensors to tap, or stages: the end of every stage of the encoder (default: the bottleneck; see segcanary taps)',
    )
    .addOption(new Option('--estimator <name>', 'of the covariances').choices(ESTIMATORS).default('ledoit-wolf'))
    .option('--step-size <fraction>', 'distance between patches as a fraction of the patch', fraction, 0.5)
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
  withReadingOptions(command).action((path: string) => {
    const flags = flagsOf<EvaluateFlags>(command);
    return runSession(flags, (session) => evaluate(path, flags, session));
  });
}

async function evaluate(path: string, flags: EvaluateFlags, { log, progress, signal, say }: Session): Promise<number> {
  const text = await readFile(path, 'utf8').catch((cause) => {
    throw cannotRead(path, cause);
  });
  const cohort = readCohort(text, path);
  const model = await openSegmentationModel(flags.model, flags);
  await makeFolder(flags.output);
  let done = 0;
  const at = () => `${done + 1}/${cohort.length}`;
  const scores = await scoreCohort({
    ...flags,
    aggregators: flags.aggregate,
    taps: flags.tap,
    model,
    cohort,
    cache: flags.cache ?? `${flags.output.replace(/\/+$/, '')}.cache`,
    signal,
    onScan: (scan) => {
      done++;
      log.debug(`${scan.case}${scan.cached ? ' (from the cache)' : ''}`);
      progress.update(`${done}/${cohort.length} ${scan.case}`);
    },
    onWarning: ({ message }, name) => log.warn(`${name}: ${message}`),
    onFailure: ({ case: name, error }) => {
      done++;
      log.error(`${at()} ${name}: ${sentenceOf(error)}`);
    },
    onFit: (method) => progress.update(`fitting ${method}`),
    onUnfitted: ({ method, error }) => log.warn(`${method} is left out: ${sentenceOf(error)}`),
  });
  progress.clear();
  const { methods: scored, taps, dice, seconds, peakMemory, failures, unfitted } = scores;
  refuseEmpty(scored, path);
  const { tau, harm: margin, resamples, seed, against } = flags;
  if (against !== undefined && !scored.some(({ name }) => name === against))
    log.warn(`No detector is named ${against}, so nothing is compared with it; results.csv has the names.`);
  const evaluation = evaluationOf(scored, { tau, margin, resamples, seed, against });
  const { methods, shifts, harmful } = evaluation;
  const pictured = bestPictured(evaluation);
  progress.update('looking at notable scans');
  const pictures = pictured
    ? await notablePictures(pictured, tau, (name) => scores.look(pictured.name, name)).catch((error: unknown) => {
        if (isAbort(error)) throw error;
        log.warn(`No pictures: ${sentenceOf(describeError(error, pictured.name))}`);
        return [];
      })
    : [];
  progress.clear();
  const results = {
    createdBy: `segcanary ${version}`,
    tau,
    margin,
    resamples,
    seed,
    taps,
    ...evaluation,
    // The scans are those of the methods above.
    harmful: harmful && { ...harmful, methods: harmful.methods.map(({ cases: _, ...m }) => m) },
    dice,
    seconds,
    peakMemory,
    failures,
    unfitted,
  };
  const write = (name: string, content: string) => writeFileAtomically(join(flags.output, name), content);
  await write('results.json', `${JSON.stringify(results, null, 1)}\n`);
  await write('results.csv', resultsCsv(evaluation));
  if (harmful) await write('harmful.csv', resultsCsv(harmful));
  await write('cases.csv', casesCsv(methods));
  await write(
    'report.html',
    await evaluationHtml({
      ...evaluation,
      tau,
      margin,
      resamples,
      title: `Detectors on ${basename(path)}`,
      dice,
      seconds,
      peakMemory,
      pictured: pictured?.title ?? null,
      pictures,
      failures: [...failures, ...unfitted].map(({ error }) => error.message),
    }),
  );
  const sayTable = async (evaluated: Evaluated) => {
    const { head, rows } = resultsTable(evaluated);
    await say(table(head, rows));
    if (!evaluated.comparison.against) return;
    const differences = differencesTable(evaluated.comparison.against);
    await say(`\n${table(differences.head, differences.rows)}`);
  };
  await sayTable(evaluation);
  if (shifts.length > 0) {
    const best = methods.find(({ name }) => name === evaluation.comparison.best.auroc?.method);
    const { head, rows } = shiftsTable(shifts, best ?? methods[0]);
    await say(`\n${table(head, rows)}`);
  }
  if (harmful) {
    await say(`\nOn the shifts that harm (a drop of the mean Dice of more than ${margin}) alone:\n`);
    await sayTable(harmful);
  }
  if (evaluation.comparison.against)
    await say(
      'Of differences, * marks those whose 95 % interval does not hold 0; more AUROC and less of the others is better.',
    );
  await say(
    '* the best on this cohort; + as good: the 95 % interval of the paired difference to the best holds 0 (bootstrap over test scans).',
  );
  return failures.length > 0 ? EXIT.someScansFailed : EXIT.done;
}

/** The best detector that has a mask to show: one on features, under the mean. */
function bestPictured({ methods }: Evaluated): JudgedMethod | undefined {
  const masked = methods.filter(({ name }) => PATCH_METHODS.some((m) => name.replace(/\[.*\]$/, '') === m.name));
  return masked.toSorted((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0))[0];
}

function refuseEmpty([first]: readonly ScoredMethod[], path: string): void {
  if (first?.cases.some((c) => c.split === 'test')) return;
  throw new SegcanaryError('cohort-invalid', 'none of its test scans could be read.', { subject: path });
}
