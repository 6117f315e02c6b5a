import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { type CachedEmbeddings, embeddingKey } from '../detectors/embedding-cache.js';
import { OUTPUT_METHODS } from '../detectors/outputs/registry.js';
import { SegcanaryError } from '../errors.js';
import type { CohortCase } from '../evaluate/cohort.js';
import { type Examined, examineScan, histogramOf } from '../examine.js';
import { cutAtTap } from '../model/cut.js';
import { openEncoder } from '../model/encoder.js';
import type { SegmentationSource } from '../model/folder.js';
import { mirrorAxesOf } from '../model/metadata.js';
import { openSampler, type Passes, type Sampler } from '../model/sampler.js';
import type { FoldModel } from '../model/segmenter.js';
import { type EncoderStage, encoderStages } from '../model/stages.js';
import { chooseTap, type Tap } from '../model/taps.js';
import { openScan } from '../nifti/open.js';
import type { ScanOptions } from '../run-scan.js';
import { embedInput } from './embed.js';
import { ExaminedCache } from './examined-cache.js';
import { hashInput, openInput, type ScanInput } from './inputs.js';

/** Passes with dropout: the paper's. */
const DROPOUT_PASSES = 10;

export interface CohortReaderOptions extends Omit<ScanOptions, 'case' | 'file'> {
  readonly model: SegmentationSource;
  /** Folder of the cache. */
  readonly cache: string;
  /** @default the bottleneck */
  readonly tap?: string | undefined;
  /** @default 0.5 */
  readonly stepSize?: number;
  readonly threads?: number;
  /** Sets of passes beside the plain one: mirrored ones cost up to 7 passes more, dropout 10. @default none */
  readonly passes?: readonly Exclude<Passes, 'plain' | 'folds'>[];
  /** Of the dropout. @default 0 */
  readonly seed?: number;
}

/** Something that was read of a scan, and whether the cache had it. */
export interface FromCache<T> {
  readonly value: T;
  readonly cached: boolean;
}

/** Reads the scans of a cohort for every detector at once, each scan once, and keeps what was seen in a cache. */
export interface CohortReader {
  readonly tap: Tap;
  readonly stages: readonly EncoderStage[];
  /** Which passes are made. */
  readonly layout: Sampler['layout'];
  /** Features of a training scan, by the encoder alone. */
  train(c: CohortCase): Promise<FromCache<CachedEmbeddings>>;
  /** Intensities of a training scan: prepared once more, without the network, a second or so. */
  histogram(c: CohortCase): Promise<number[]>;
  /** A validation or test scan: features, outputs of all passes, Dice. */
  examine(c: CohortCase): Promise<FromCache<Examined>>;
}

/**
 * Opens the networks and the cache.
 *
 * @throws SegcanaryError from the model and the tap, `io`
 */
export async function openCohortReader(options: CohortReaderOptions): Promise<CohortReader> {
  const { model, threads, stepSize = 0.5, seed = 0 } = options;
  const { plan } = model;
  const [first, ...others] = model.folds as [(typeof model.folds)[0], ...typeof model.folds];
  const patchShape = [plan.channels.length, ...plan.patchSize];
  const tap = await chooseTap(first.onnx, { patchShape, tap: options.tap, name: first.path });
  const stages = await encoderStages(first.onnx, patchShape, first.path);
  const stageNames = stages.map(({ name }) => name);
  const folds = [{ ...first, tap: tap.name, stages: stageNames }, ...others].map(
    ({ path, ...fold }): FoldModel => ({ name: path, ...fold }),
  ) as [FoldModel, ...FoldModel[]];
  const sampler = await openSampler(folds, model.segmentation.heads, {
    threads,
    mirrorAxes: options.passes?.includes('mirrors') ? mirrorAxesOf(first.onnx, first.path) : [],
    dropout: options.passes?.includes('dropout') ? DROPOUT_PASSES : 0,
    seed,
  });
  const encoderOnnx = cutAtTap(first.onnx, tap.name, first.path, stageNames);
  const encoder = await openEncoder(encoderOnnx, { threads, name: first.path });
  const cache = await ExaminedCache.open(options.cache);
  const scanOptions = { ...options, plan, stepSize };
  const shared = { plan, stepSize, tap: tap.name };
  const more = { volume: options.volume, spool: options.spool ?? true };
  const hashOf = async (input: ScanInput) => (await hashInput(input, options.signal)) ?? refusePipe(input);

  return {
    tap,
    stages,
    layout: sampler.layout,
    async train(c) {
      const input = inputOf(c);
      const scanSha256 = await hashOf(input);
      const key = embeddingKey({ ...shared, encoderSha256: sha256(encoderOnnx), more, scanSha256 });
      const known = await cache.embeddings.read(key);
      if (known) return { value: known, cached: true };
      const value = await embedInput(input, { ...scanOptions, encoder });
      await cache.embeddings.write(key, value);
      return { value, cached: false };
    },
    async histogram(c) {
      const input = inputOf(c);
      return histogramOf(await openInput(input, plan), { ...scanOptions, case: c.case, file: input.file });
    },
    async examine(c) {
      const input = inputOf(c);
      const truth = c.label === null ? null : { case: c.case, file: c.label };
      const key = embeddingKey({
        ...shared,
        encoderSha256: model.folds.map(({ onnx }) => sha256(onnx)).join(),
        scanSha256: await hashOf(input),
        more: {
          ...more,
          // Counted up when more is kept of a scan.
          kept: 2,
          examined: OUTPUT_METHODS.filter(({ passes }) => sampler.layout[passes]).map(({ name }) => name),
          layout: sampler.layout,
          seed,
          truth: truth && (await hashOf(truth)),
          labels: model.segmentation,
        },
      });
      const known = await cache.read(key);
      if (known) return { value: known, cached: true };
      const value = await examineScan(await openInput(input, plan), {
        ...scanOptions,
        case: c.case,
        file: input.file,
        segmentation: model.segmentation,
        sampler,
        outputs: OUTPUT_METHODS,
        truth: truth ? { file: truth.file, bytes: await openScan(truth.file) } : undefined,
      });
      await cache.write(key, value);
      return { value, cached: false };
    },
  };
}

function inputOf({ case: name, images }: CohortCase): ScanInput {
  const [file, ...moreChannels] = images as [string, ...string[]];
  return { case: name, file, ...(moreChannels.length > 0 && { moreChannels }) };
}

function refusePipe({ file }: ScanInput): never {
  throw new SegcanaryError(
    'usage',
    `${basename(file)}: is a pipe, and an evaluation is resumed from files; give a file.`,
  );
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
