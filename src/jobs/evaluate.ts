import { PATCH_METHODS } from '../detectors/methods/registry.js';
import { describeError, type ErrorDescription, isAbort, SegcanaryError } from '../errors.js';
import { type Advice, adviceOf } from '../evaluate/advice.js';
import {
  type Evaluated,
  type Evaluation,
  evaluating,
  type JudgedMethod,
  type ScoredMethod,
} from '../evaluate/evaluation.js';
import { inTurns } from '../evaluate/steps.js';
import { type NotablePicture, notablePictures } from '../report/pictures.js';
import { version } from '../version.js';
import { type CohortScores, type ScoreCohortOptions, scoreCohort } from './score-cohort.js';

export interface EvaluateCohortOptions extends ScoreCohortOptions {
  /** What the cohort is called: its file. @default 'the cohort' */
  readonly name?: string | undefined;
  /** A segmentation with a lower Dice has failed. @default 0.6 */
  readonly tau?: number | undefined;
  /** A shift harms that takes more than this from the mean Dice. @default 0.1 */
  readonly margin?: number | undefined;
  /** How often the bootstrap draws; its draws follow `seed` too. @default 2000 */
  readonly resamples?: number | undefined;
  /** Compare every other detector with this one, in pairs. @default none */
  readonly against?: string | undefined;
  /** Told before pictures are made, each of a scan that is read once more. */
  readonly onPictures?: (() => void) | undefined;
  /** Told of what the evaluation goes without: a comparison, the pictures. */
  readonly onOmitted?: ((why: ErrorDescription) => void) | undefined;
}

/** What results.json holds. */
export interface EvaluationResults
  extends Omit<Evaluation, 'harmful'>,
    Pick<CohortScores, 'taps' | 'dice' | 'seconds' | 'peakMemory' | 'failures' | 'unfitted'> {
  readonly createdBy: string;
  /**
   * Whether detectors were rated on features and intensities alone, because the plan does not say
   * how logits become labels.
   */
  readonly featuresOnly: boolean;
  readonly tau: number;
  readonly margin: number;
  readonly resamples: number;
  readonly seed: number;
  /** Which detector to use, and what to expect of it; null without out-of-distribution scans. */
  readonly advice: Advice | null;
  /** The same over the shifts that do harm. The scans are those of the methods above. */
  readonly harmful: (Omit<Evaluated, 'methods'> & { readonly methods: readonly Omit<JudgedMethod, 'cases'>[] }) | null;
}

/** Detectors on a cohort, judged. */
export interface EvaluationResult {
  readonly name: string;
  readonly results: EvaluationResults;
  readonly evaluation: Evaluation;
  readonly advice: Advice | null;
  /** The best detector that has a mask to show, whose pictures these are. */
  readonly pictured: JudgedMethod | null;
  readonly pictures: readonly NotablePicture[];
}

/**
 * Runs every detector on a cohort, judges and compares them, and makes pictures of the scans that
 * say most about the best. `writeEvaluation` writes it down.
 *
 * @throws SegcanaryError as `scoreCohort`; `cohort-invalid` when no test scan could be read
 */
export async function evaluateCohort(options: EvaluateCohortOptions): Promise<EvaluationResult> {
  const { name = 'the cohort', tau = 0.6, margin = 0.1, resamples = 2000, seed = 0, against } = options;
  const featuresOnly = options.model.segmentation === null;
  if (featuresOnly) options.onOmitted?.({ code: 'plan-unsupported', message: FEATURES_ONLY });
  const scores = await scoreCohort(options);
  const { methods: scored, taps, dice, seconds, peakMemory, failures, unfitted } = scores;
  refuseEmpty(scored, name);
  if (against !== undefined && !scored.some((method) => method.name === against))
    options.onOmitted?.({
      code: 'usage',
      message: `No detector is named ${against}, so nothing is compared with it; results.csv has the names.`,
    });
  const evaluation = await inTurns(evaluating(scored, { tau, margin, resamples, seed, against }), options.signal);
  const { harmful } = evaluation;
  const advice = adviceOf(evaluation);
  const pictured = bestPictured(evaluation, advice);
  options.onPictures?.();
  const pictures = pictured ? await picturesOf(pictured, tau, scores, options) : [];
  const results: EvaluationResults = {
    createdBy: `segcanary ${version}`,
    featuresOnly,
    tau,
    margin,
    resamples,
    seed,
    taps,
    advice,
    ...evaluation,
    harmful: harmful && { ...harmful, methods: harmful.methods.map(({ cases: _, ...method }) => method) },
    dice,
    seconds,
    peakMemory,
    failures,
    unfitted,
  };
  return { name, results, evaluation, advice, pictured, pictures };
}

const FEATURES_ONLY =
  'The plan does not say how logits become labels, so detectors are rated on features and intensities alone: rows on outputs or predicted regions, columns about the Dice, and pictures are left out.';

/** An evaluation is worth having without its pictures. */
function picturesOf(
  pictured: JudgedMethod,
  tau: number,
  scores: CohortScores,
  { onOmitted }: EvaluateCohortOptions,
): Promise<NotablePicture[]> {
  return notablePictures(pictured, tau, (name) => scores.look(pictured.name, name)).catch((error: unknown) => {
    if (isAbort(error)) throw error;
    const why = describeError(error, pictured.name);
    onOmitted?.({ ...why, message: `No pictures: ${why.message}` });
    return [];
  });
}

/**
 * The best detector that has a mask to show, one on features, under the mean: the advised one where
 * it has.
 */
function bestPictured({ methods }: Evaluated, advice: Advice | null): JudgedMethod | null {
  const masked = methods.filter(({ name }) => PATCH_METHODS.some((m) => name.replace(/\[.*\]$/, '') === m.name));
  const advised = masked.find(({ name }) => name === advice?.method);
  return advised ?? masked.toSorted((a, b) => (b.auroc ?? 0) - (a.auroc ?? 0))[0] ?? null;
}

function refuseEmpty([first]: readonly ScoredMethod[], name: string): void {
  if (first?.cases.some((c) => c.split === 'test')) return;
  throw new SegcanaryError('cohort-invalid', 'none of its test scans could be read.', { subject: name });
}
