import { type CachedEmbeddings, channelsTurned, embeddingKey } from '../detectors/embedding-cache.js';
import {
  isMeasured,
  MEASURED_FEATURES,
  measuredGroup,
  measuredTensors,
  type PatchScorer,
} from '../detectors/method.js';
import { DROPOUT_PASSES, OUTPUT_METHODS } from '../detectors/outputs/registry.js';
import { SegcanaryError } from '../errors.js';
import type { CohortCase } from '../evaluate/cohort.js';
import { sha256 } from '../files/hash.js';
import { openScan } from '../formats/open.js';
import { columnsOf } from '../maths/linalg/stack.js';
import { openEncoder } from '../network/encoder.js';
import { type EncoderStage, encoderStages } from '../network/encoder-stages.js';
import type { EvaluationSource } from '../network/folder.js';
import type { WithInference } from '../network/inference/options.js';
import { cutAtTap } from '../network/onnx/cut.js';
import { mirrorAxesOf } from '../network/onnx/metadata.js';
import { type FeatureRange, type PatchFeatureLayout, patchFeatureLayout } from '../network/onnx/patch-features.js';
import { openSampler, type Passes, type Sampler } from '../network/sampler.js';
import type { FoldModel } from '../network/segmenter.js';
import { chooseTap, type Tap } from '../network/taps.js';
import type { SegmentationPlan } from '../plan.js';
import { examineFeatures, examineScan } from '../scans/examine.js';
import { lookAtScan, type ScanView } from '../scans/look.js';
import type { ScanOptions } from '../scans/run.js';
import { type CohortInputOptions, cohortInputOf } from './cohort-inputs.js';
import { embedInput } from './embed.js';
import { ExaminedCache, type ExaminedScan } from './examined-cache.js';
import { openInput } from './open-input.js';
import { scanHashes, scanNames } from './scan-hashes.js';

export interface CohortReaderOptions
  extends Omit<ScanOptions, 'case' | 'file'>,
    WithInference,
    Pick<CohortInputOptions, 'untilt'> {
  /** Under a plan file, which says nothing of labels, scans are examined by features alone. */
  readonly model: EvaluationSource;
  /** Folder of the cache. */
  readonly cache: string;
  /**
   * Tensors to tap, or `stages` for the end of every stage of the encoder.
   * @default the bottleneck
   */
  readonly taps?: readonly string[] | undefined;
  /** @default 0.5 */
  readonly stepSize?: number;
  /**
   * Sets of passes beside the plain one: mirrored ones cost up to 7 passes more, dropout 10.
   * @default none
   */
  readonly passes?: readonly Exclude<Passes, 'plain' | 'folds'>[];
  /** What the dropout is drawn by. @default 0 */
  readonly seed?: number;
}

/**
 * Reads the scans of a cohort for every detector at once, each scan once, and keeps what was seen
 * in a cache.
 */
export interface CohortReader {
  readonly taps: readonly Tap[];
  readonly encoderStages: readonly EncoderStage[];
  /** Which passes are made; none where the plan does not say what the network's outputs are. */
  readonly layout: Sampler['layout'];
  /** Takes the features of a training scan, by the encoder alone; whether the cache had them. */
  train(c: CohortCase): Promise<boolean>;
  /**
   * A validation or test scan: features, outputs of all passes, Dice; and whether the cache had
   * them.
   */
  examine(c: CohortCase): Promise<readonly [ExaminedScan, cached: boolean]>;
  /**
   * Segments and scores a scan once more and keeps the slice on which there is most to see; null
   * where it cannot be segmented.
   */
  look(c: CohortCase, tap: number, scorer: PatchScorer): Promise<ScanView | null>;
  /**
   * What two scans have in common that are the same one, however it is stored: any of these.
   *
   * @throws SegcanaryError whatever is wrong with the scan, `usage` for a pipe
   */
  names(c: CohortCase): Promise<readonly string[]>;
  /**
   * Features of a scan that was read before, at one of the taps, and those that are measured at
   * none.
   */
  features(c: CohortCase, tap: number): Promise<CachedEmbeddings>;
}

/**
 * Opens the networks and the cache.
 *
 * @throws SegcanaryError from the model and the tap, `io`
 */
export async function openCohortReader(options: CohortReaderOptions): Promise<CohortReader> {
  const { model, inference, stepSize = 0.5, seed = 0 } = options;
  const { plan } = model;
  // Passes are kept as logits, under a plan of nnU-Net v1 too, whose own predictions average
  // probabilities.
  const segmentation: SegmentationPlan | null = model.segmentation && { ...model.segmentation, averages: 'logits' };
  if (!segmentation && options.passes && options.passes.length > 0)
    throw new SegcanaryError(
      'usage',
      `does not say what the outputs mean, so there are no ${options.passes.join(' and ')} to read; leave them out.`,
      {
        subject: 'the plan',
      },
    );
  const [first, ...others] = model.folds as [(typeof model.folds)[0], ...typeof model.folds];
  const patchShape = [plan.channels.length, ...plan.patchSize];
  const stages = await encoderStages(first.onnx, patchShape, first.path);
  const names = options.taps?.flatMap((tap) => (tap === 'stages' ? stageNames(stages, first.path) : tap)) ?? [];
  const taps: Tap[] = [];
  for (const tap of names.length > 0 ? new Set(names) : [undefined]) {
    const chosen = await chooseTap(first.onnx, { patchShape, name: first.path, ...(tap !== undefined && { tap }) });
    if (!taps.some(({ name }) => name === chosen.name)) taps.push(chosen);
  }
  const [tap, ...more] = taps as [Tap, ...Tap[]];
  const groups = MEASURED_FEATURES.map((features) => measuredGroup(features, measuredTensors(features, stages)));
  const measured = { groups: stages.length > 0 ? groups : [], taps: more };
  const layout = patchFeatureLayout(measured);
  const folds = [{ ...first, tap: tap.name, ...measured }, ...others].map(
    ({ path, ...fold }): FoldModel => ({ name: path, ...fold }),
  ) as [FoldModel, ...FoldModel[]];
  const passes = {
    inference,
    mirrorAxes: options.passes?.includes('mirrors') ? mirrorAxesOf(first.onnx, first.path) : [],
    dropout: options.passes?.includes('dropout') ? DROPOUT_PASSES : 0,
    seed,
  };
  const sampler = segmentation && (await openSampler(folds, segmentation.heads, passes));
  const sets = sampler?.layout ?? {};
  const encoderOnnx = cutAtTap(first.onnx, tap.name, first.path, measured);
  const encoder = await openEncoder(encoderOnnx, { inference, name: first.path });
  const cache = await ExaminedCache.open(options.cache);
  // A scan is read up to three times, and warned of when it is read for the network. That one out
  // of distribution is not as it should be is what it is there for.
  const { onWarning, ...silent } = options;
  const scanOptions = { ...silent, plan, stepSize };
  const warningsOf = ({ group }: CohortCase) => (group === 'id' ? { onWarning } : {});
  const shared = { plan, stepSize, tap: tap.name };
  const reading = { volume: options.volume, spool: options.spool ?? true, ...channelsTurned(plan) };
  const keys = new Map<string, string>();
  const hashOf = scanHashes(options.signal);
  const { volume, limits, signal } = options;
  const inputOf = cohortInputOf(options);
  const namesOfScan = scanNames(hashOf, { plan, volume, limits, signal, cache: options.cache });

  return {
    taps,
    encoderStages: stages,
    layout: sets,
    names: async (c) => namesOfScan(await inputOf(c)),
    async train(c) {
      const input = await inputOf(c);
      const scanSha256 = await hashOf(input);
      const key = embeddingKey({ ...shared, encoderSha256: sha256(encoderOnnx), more: reading, scanSha256 });
      keys.set(c.case, key);
      if (await cache.embeddings.read(key)) return true;
      await cache.embeddings.write(key, await embedInput(input, { ...scanOptions, ...warningsOf(c), encoder }));
      return false;
    },
    async examine(c) {
      const input = await inputOf(c);
      const truth = c.label === null || !segmentation ? null : { case: c.case, file: c.label };
      const key = embeddingKey({
        ...shared,
        encoderSha256: model.folds.map(({ onnx }) => sha256(onnx)).join(),
        scanSha256: await hashOf(input),
        more: {
          ...reading,
          // Counted up when more is kept of a scan.
          kept: 4,
          taps: more.map(({ name }) => name),
          examined: OUTPUT_METHODS.filter(({ passes }) => sets[passes]).map(({ name }) => name),
          layout: sets,
          seed,
          truth: truth && (await hashOf(truth)),
          labels: model.segmentation,
        },
      });
      keys.set(c.case, key);
      const known = await cache.read(key);
      if (known) return [known, true];
      const scan = { ...scanOptions, ...warningsOf(c), case: c.case, file: input.file };
      const source = await openInput(input, plan, options.limits, options.signal);
      const found = sampler
        ? await examineScan(source, {
            ...scan,
            segmentation,
            sampler,
            outputs: OUTPUT_METHODS,
            truth: truth ? { file: truth.file, bytes: await openScan(truth.file) } : undefined,
          })
        : await examineFeatures(source, { ...scan, encoder });
      return [await cache.write(key, found), false];
    },
    async look(c, at, scorer) {
      if (!segmentation) return null;
      const input = await inputOf(c);
      // The same graph twice is one session; mirrors and dropout are not made.
      const { features } = scorer;
      const own = isMeasured(features) ? groups.filter((group) => group.features === features) : [];
      const model = { ...first, name: first.path, tap: taps[at].name, groups: own };
      return lookAtScan(() => openInput(input, plan, options.limits, options.signal), {
        ...scanOptions,
        case: c.case,
        file: input.file,
        segmentation,
        segmenter: await openSampler([model], segmentation.heads, { inference }),
        scorer,
        truth: c.label === null ? undefined : { file: c.label, bytes: await openScan(c.label) },
      });
    },
    async features(c, at) {
      const kept = await cache.embeddings.read(keys.get(c.case) ?? '');
      if (kept) return featuresAt(kept, at, layout);
      throw new SegcanaryError('io', 'its entry in the cache was damaged while it was in use; run it again.', {
        subject: c.case,
      });
    },
  };
}

/**
 * What a scan's patches have at one of the taps: the first is the encoder's own, and the others
 * were measured beside it.
 *
 * @param at which tap
 * @param layout of the further taps
 */
function featuresAt(kept: CachedEmbeddings, at: number, { groups, taps }: PatchFeatureLayout): CachedEmbeddings {
  const layout = Object.fromEntries(groups.map((range, i) => [MEASURED_FEATURES[i], range]));
  if (at === 0) return { ...kept, layout };
  const cut = (range: FeatureRange) => columnsOf(kept.measured, kept.m, range);
  const { pooled, means } = taps[at - 1];
  return { ...kept, layout, rows: cut(pooled), d: pooled.width, means: cut(means), c: means.width };
}

function stageNames(stages: readonly EncoderStage[], path: string): string[] {
  if (stages.length > 0) return stages.map(({ name }) => name);
  throw new SegcanaryError('no-bottleneck', 'nothing in it up-samples, so its encoder has no stages; name a tensor.', {
    subject: path,
  });
}
