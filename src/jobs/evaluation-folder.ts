import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type ErrorDescription, inWords, type OptionWords } from '../errors.js';
import { casesCsv, resultsCsv } from '../evaluate/results.js';
import { makeFolder, writeFileAtomically } from '../files/atomic.js';
import { evaluationHtml } from '../report/evaluation.js';
import type { EvaluationResult } from './evaluate.js';
import { type Output, outputOfAll } from './outputs.js';

export interface WriteEvaluationOptions {
  /** What a front end calls the options that errors name. @default the library's names */
  readonly words?: OptionWords | undefined;
  /** How a front end makes the advised detector, a command each. @default none */
  readonly commands?: readonly string[] | undefined;
}

const FILES = ['report.html', 'results.json', 'results.csv', 'harmful.csv', 'cases.csv'] as const;

/** What a folder of an evaluation is going to hold. */
export const evaluationOutputs = (folder: string): Output[] =>
  FILES.map((name) => outputOfAll(`the evaluation's ${name}`, join(folder, name)));

/**
 * Writes report.html, results.json, results.csv, cases.csv and, where some shifts do harm and
 * others do not, harmful.csv; one of an earlier evaluation goes where they do not. Nothing is
 * written before all of them are made, and each appears whole.
 *
 * @throws SegcanaryError `io`
 */
export async function writeEvaluation(
  folder: string,
  { name, results, evaluation, advice, pictured, pictures }: EvaluationResult,
  { words = () => null, commands = [] }: WriteEvaluationOptions = {},
): Promise<void> {
  const { methods, harmful } = evaluation;
  const { tau, margin, resamples, dice, seconds, peakMemory } = results;
  // What only programs need is left out.
  const told = <T extends { readonly error: ErrorDescription }>(failure: T): T => ({
    ...failure,
    error: { code: failure.error.code, message: inWords(failure.error, words) },
  });
  const [failures, unfitted] = [results.failures.map(told), results.unfitted.map(told)];
  const files: (readonly [(typeof FILES)[number], string])[] = [
    ['results.json', `${JSON.stringify({ ...results, failures, unfitted }, null, 1)}\n`],
    ['results.csv', resultsCsv(evaluation)],
    ...(harmful ? [['harmful.csv', resultsCsv(harmful)] as const] : []),
    ['cases.csv', casesCsv(methods)],
    [
      'report.html',
      await evaluationHtml({
        ...evaluation,
        tau,
        margin,
        resamples,
        title: `Detectors on ${basename(name)}`,
        dice,
        seconds,
        peakMemory,
        advice,
        featuresOnly: results.featuresOnly,
        commands,
        pictured: pictured?.title ?? null,
        pictures,
        failures: [...failures, ...unfitted].map(({ error }) => error.message),
      }),
    ],
  ];
  await makeFolder(folder);
  for (const [file, content] of files) await writeFileAtomically(join(folder, file), content);
  if (!harmful) await rm(join(folder, 'harmful.csv'), { force: true });
}
