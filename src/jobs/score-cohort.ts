import type { Tiles } from '../chunks.js';
import type { Estimator } from '../detectors/estimators.js';
import { isMeasured, type PatchMethod } from '../detectors/method.js';
import { ihf } from '../detectors/methods/ihf.js';
import { PATCH_METHODS } from '../detectors/methods/registry.js';
import type { VoxelSet } from '../detectors/outputs/output-method.js';
import { OUTPUT_METHODS } from '../detectors/outputs/registry.js';
import { isAbort, SegcanaryError } from '../errors.js';
import { AGGREGATORS, type Aggregator } from '../evaluate/aggregators.js';
import type { CohortCase } from '../evaluate/cohort.js';
import type { ScoredMethod } from '../evaluate/evaluation.js';
import type { ScoredCase } from '../evaluate/judge.js';
import { openBlas } from '../network/inference/blas.js';
import { stageName, type Tap } from '../network/taps.js';
import { failureOf, type ScanFailure } from '../results.js';
import type { ScanView } from '../scans/look.js';
import { blocksOf, distancesOf } from './cohort-features.js';
import { type CohortReader, type CohortReaderOptions, openCohortReader } from './cohort-reader.js';
import type { ExaminedScan } from './examined-cache.js';
import { foldsOf, patientsOf } from './patients.js';
import { refuseRepeatedScans } from './repeated-scans.js';

export interface ScoreCohortOptions extends CohortReaderOptions {
  readonly cohort: readonly CohortCase[];
  /** @default 'ledoit-wolf' */
  readonly estimator?: Estimator;
  /** How patches and voxels become a score, by name. @default ['mean'] */
  readonly aggregators?: readonly string[];
  readonly onScan?: (scan: { readonly case: string; readonly cached: boolean }) => void;
  readonly onFailure?: (failure: ScanFailure) => void;
  /** Told before a detector is fitted. */
  readonly onFit?: (method: string) => void;
  readonly onUnfitted?: (failure: MethodFailure) => void;
}

/** A detector that could not be fitted, and why. */
export interface MethodFailure {
  readonly method: string;
  readonly error: ScanFailure['error'];
}

export interface CohortScores {
  readonly taps: readonly Tap[];
  readonly methods: readonly ScoredMethod[];
  /** Dice of every label of every scan with a truth. */
  readonly dice: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Seconds that each validation and test scan took, all passes together, when it was examined. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Most resident memory of the process, bytes, while each of them was examined. */
  readonly peakMemory: Readonly<Record<string, number>>;
  readonly failures: readonly ScanFailure[];
  /** Detectors that could not be fitted to the training scans. */
  readonly unfitted: readonly MethodFailure[];
  /**
   * One slice of a scan, segmented and under the mask of a method, which is fitted once more. null
   * for a method that has no mask: on outputs, on intensities, under another aggregator than the
   * mean.
   */
  look(method: string, name: string): Promise<ScanView | null>;
}

/** What a table says of a method. */
type About = Omit<ScoredMethod, 'cases' | 'passes'>;

/**
 * Runs every detector on a cohort: fits to its training scans, scores its validation and test
 * scans. A scan that fails is reported and left out, and so is a detector that cannot be fitted.
 *
 * @throws SegcanaryError from the model and the tap; `cohort-invalid` where one scan stands in two
 *   splits; `fit-failed` when no training scan could be
 *   read; `aborted`
 */
export async function scoreCohort(options: ScoreCohortOptions): Promise<CohortScores> {
  const { cohort, estimator = 'ledoit-wolf', inference } = options;
  const reader = await openCohortReader(options);
  const failures: ScanFailure[] = [];
  const unfitted: MethodFailure[] = [];
  /** Does something for a scan or a detector; null where it fails. */
  const attempt = async <T>(work: () => Promise<T>, onError: (error: unknown) => void): Promise<T | null> => {
    if (options.signal?.aborted)
      throw new SegcanaryError('aborted', 'The evaluation was stopped; run it again to resume from its cache.');
    return work().catch((error: unknown) => {
      if (isAbort(error)) throw error;
      onError(error);
      return null;
    });
  };
  const attemptFit = <T>(method: string, fit: () => Promise<T>): Promise<T | null> => {
    options.onFit?.(method);
    return attempt(fit, (error) => {
      const failure = { method, error: failureOf(method, error).error };
      unfitted.push(failure);
      options.onUnfitted?.(failure);
    });
  };

  await refuseRepeatedScans(cohort, reader.names, options);
  const training: CohortCase[] = [];
  const examined: (readonly [CohortCase, ExaminedScan])[] = [];
  for (const c of cohort) {
    const read = async () => {
      if (c.split === 'train') {
        const known = await reader.train(c);
        training.push(c);
        return known;
      }
      const [found, known] = await reader.examine(c);
      examined.push([c, found]);
      return known;
    };
    const cached = await attempt(read, (error) => {
      const failure = failureOf(c.case, error);
      failures.push(failure);
      options.onFailure?.(failure);
    });
    if (cached !== null) options.onScan?.({ case: c.case, cached });
  }
  if (training.length === 0)
    throw new SegcanaryError('fit-failed', 'None of the training scans could be read, so nothing was fitted.');

  const context = { estimator, blas: await openBlas(inference) };
  const segments = options.model.segmentation !== null;
  const aggregators = AGGREGATORS.filter(
    ({ name, predicted }) => (options.aggregators ?? ['mean']).includes(name) && (segments || !predicted),
  );
  const methods: ScoredMethod[] = [];
  /** How a method that has a mask is fitted again. */
  const fits = new Map<string, { readonly method: PatchMethod; readonly at: number }>();
  const add = (about: About, passes: number, scoreOf: (found: ExaminedScan, i: number) => number) =>
    methods.push({ ...about, passes, cases: examined.map(([c, found], i) => scoredCase(c, found, scoreOf(found, i))) });

  const featuresOf = (cases: readonly CohortCase[], at: number) =>
    Promise.all(cases.map((c) => reader.features(c, at)));
  /** Which patches `fit` would take. */
  const tilesOf = ({ tiles = 'all' }: PatchMethod): Tiles => (options.stepSize === undefined ? tiles : 'all');
  const folds = foldsOf(patientsOf(training.map((c) => c.case)));
  for (const [at, tap] of reader.taps.entries()) {
    // One tap's features at a time: those of all scans at all taps may be gigabytes.
    const blocks = blocksOf(await featuresOf(training, at), folds, reader.encoderStages);
    const scored = await featuresOf(
      examined.map(([c]) => c),
      at,
    );
    for (const method of PATCH_METHODS) {
      if (isMeasured(method.features) && (at > 0 || reader.encoderStages.length === 0)) continue;
      const about = tapped(method, tap, reader);
      const fitted = await attemptFit(about.name, () => method.fit(blocks(method.features, tilesOf(method)), context));
      if (fitted === null) continue;
      fits.set(about.name, { method, at });
      const scorer = method.open(fitted.tensors);
      const distances = await distancesOf(scored, scorer, context.blas);
      const { intensities } = scorer;
      for (const aggregator of aggregators)
        add(aggregated(about, aggregator), 1, ({ weights, cover, histogram }, i) => {
          const counted =
            tilesOf(method) === 'cover' ? { ...weights, mean: cover.map((w) => Math.max(w, 0)) } : weights;
          const score = aggregator.of(distances[i], counted);
          return intensities ? Math.max(score, intensities.distance(histogram)) : score;
        });
    }
  }
  const histograms = async () => (await featuresOf(training, 0)).map(({ histogram }) => [...histogram]);
  const scorer = await attemptFit(ihf.name, async () => ihf.open((await ihf.fit(await histograms(), context)).tensors));
  if (scorer)
    add({ ...aboutOf(ihf), recipe: { detector: ihf.name, tap: null, fitted: true } }, 0, ({ histogram }) =>
      scorer.distance(Float32Array.from(histogram)),
    );
  for (const method of OUTPUT_METHODS) {
    const passes = reader.layout[method.passes];
    if (!passes) continue;
    const about = { ...aboutOf(method), recipe: { detector: method.name, tap: null, fitted: false } };
    for (const aggregator of aggregators) {
      const set = aggregator.name as VoxelSet;
      if (examined.every(([, { outputs }]) => set in outputs[method.name]))
        add(aggregated(about, aggregator), passes.length, ({ outputs }) => outputs[method.name][set]!);
    }
  }
  return {
    taps: reader.taps,
    methods,
    dice: Object.fromEntries(examined.flatMap(([c, { dice }]) => (dice ? [[c.case, dice]] : []))),
    seconds: Object.fromEntries(examined.map(([c, { seconds }]) => [c.case, seconds])),
    peakMemory: Object.fromEntries(examined.map(([c, { peakMemory }]) => [c.case, peakMemory])),
    failures,
    unfitted,
    async look(name, caseName) {
      const found = fits.get(name);
      const scan = examined.find(([c]) => c.case === caseName);
      if (!found || !scan) return null;
      const { method, at } = found;
      const blocks = blocksOf(await featuresOf(training, at), folds, reader.encoderStages);
      const { tensors } = await method.fit(blocks(method.features, tilesOf(method)), context);
      return reader.look(scan[0], at, method.open(tensors));
    },
  };
}

const aboutOf = ({ name, title, formula, source }: About): About => ({ name, title, formula, source });

/**
 * The row of a method at one of several taps: named by its stage, where it is the end of one. The
 * only tap goes without saying.
 */
function tapped(method: PatchMethod, { name }: Tap, { taps, encoderStages }: CohortReader): About {
  const atTap = !isMeasured(method.features);
  const stage = encoderStages.findIndex((s) => s.name === name) + 1;
  const where = stage > 0 ? stageName(stage) : name;
  const about = { ...aboutOf(method), recipe: { detector: method.name, tap: atTap ? where : null, fitted: true } };
  if (taps.length === 1 || !atTap) return about;
  return { ...about, name: `${about.name}[${where}]`, title: `${about.title}, ${stage > 0 ? `stage ${stage}` : name}` };
}

/** The row of a method under an aggregator; the default one goes without saying. */
function aggregated(method: About, { name, title }: Aggregator): About {
  if (name === 'mean') return method;
  const about = aboutOf(method);
  return { ...about, name: `${about.name}@${name}`, title: `${about.title}, ${title}` };
}

function scoredCase(
  { case: name, split, group, shift, dataset }: CohortCase,
  found: ExaminedScan,
  score: number,
): ScoredCase {
  const { voxels } = found;
  return {
    case: name,
    split,
    group,
    shift,
    dataset,
    score,
    dice: found.dice && mean(Object.values(found.dice)),
    voxels,
  };
}

const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;
