import type { ChannelBytes, Embedding, Grid, LogitSlice, Slice } from '../chunks.js';
import type { KeptFeatures } from '../detectors/method.js';
import type { OutputMeter, OutputMethod, VoxelSet } from '../detectors/outputs/output-method.js';
import type { ScanSource } from '../formats/scan-source.js';
import { limitsOf } from '../limits.js';
import { stackRows } from '../maths/linalg/stack.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { IntensityHistogram } from '../maths/volume/histogram.js';
import { foregroundOf, Overlap } from '../maths/volume/overlap.js';
import type { PredictedRegion } from '../maths/volume/predicted-region.js';
import { MaskWeights } from '../maths/window/region-weights.js';
import { coverWeights, patchWeights } from '../maths/window/uncertainty-mask.js';
import type { Sampler } from '../network/sampler.js';
import { type EmbeddingOptions, labelled, type PreparationOptions, prepared } from '../pipeline.js';
import type { Plan, SegmentationPlan } from '../plan.js';
import { assemble } from '../stages/assemble.js';
import { type Chain, chain } from '../stages/chain.js';
import { all, type Collector, drain } from '../stages/collectors.js';
import { encode } from '../stages/encode.js';
import { branch } from '../stages/fork.js';
import { patch } from '../stages/patch.js';
import { pool } from '../stages/pool.js';
import { predict, tapped } from '../stages/predict.js';
import { reporter } from '../stages/progress.js';
import { readOutputs } from '../stages/read-outputs.js';
import { endedEarly, runScan, type ScanOptions } from './run.js';
import { Truth } from './truth.js';

export interface ExamineOptions extends ScanOptions {
  readonly plan: Plan;
  /** `averages` has to be 'logits', which is what the sampler gives. */
  readonly segmentation: SegmentationPlan;
  /** With a tap in its first fold. */
  readonly sampler: Sampler;
  readonly stepSize?: number;
  /** Those whose passes the sampler makes are read. */
  readonly outputs: readonly OutputMethod[];
  /** The truth, on the scanner's grid: its file's name and bytes. */
  readonly truth?: ChannelBytes | undefined;
}

/** What evaluation needs to know of one scan, all from one pass over it. */
export interface Examined extends KeptFeatures {
  readonly case: string;
  readonly patches: number;
  /** Voxels of the scan. */
  readonly voxels: number;
  /** Shares of its intensities after normalisation, channel after channel. */
  readonly histogram: readonly number[];
  /**
   * How much each patch counts in the mean of the mask over a set of voxels; they sum to 1. An
   * empty set has those of the next larger one.
   */
  readonly weights: Readonly<Record<VoxelSet, readonly number[]>>;
  /**
   * The weights of the mean over all voxels where only as few patches count as cover the grid; -1
   * for the others.
   */
  readonly cover: readonly number[];
  /** Subject scores of the output methods by name. */
  readonly outputs: Readonly<Record<string, Partial<Record<VoxelSet, number>>>>;
  /** Dice of every foreground label, where there is a truth. */
  readonly dice: Readonly<Record<string, number>> | null;
  readonly seconds: number;
  /** Most resident memory of the process while the scan was examined, bytes. */
  readonly peakMemory: number;
}

/**
 * Reads one scan once and keeps what every detector needs:
 *
 *   prepared → patch → predict ┬→ assemble → read-outputs → labelled → Dice
 *                              └→ tapped → pool
 *
 * @throws SegcanaryError whatever is wrong with the scan; `scan-unsuitable` where the truth is of
 *   another shape
 */
export async function examineScan(source: ScanSource, options: ExamineOptions): Promise<Examined> {
  const { plan, segmentation, sampler } = options;
  const started = performance.now();
  const memory = new PeakMemory();
  const report = reporter(options);
  const histogram = new IntensityHistogram(plan.channels.length);
  const readings = readingsOf(options);
  const regions = new PredictedRegions();
  const truth = options.truth && new Truth(options.truth);
  const overlap = new Overlap(foregroundOf(segmentation.labels));
  const embedding = branch(chain(tapped()).to(pool()), all());
  const window = { stepSize: options.stepSize, logits: sampler.passes * sampler.heads };
  const outputs = prepared({ ...options, window })
    .observe(({ data }) => histogram.push(contiguous(data)))
    .to(patch({ patchSize: plan.patchSize, stepSize: options.stepSize }))
    .to(predict({ predictor: sampler, seconds: limitsOf(options.limits).seconds }))
    .to(embedding)
    .observe((prediction) => {
      memory.look();
      report(prediction);
    })
    .to(assemble())
    .to(
      readOutputs({
        readings: [...readings.values()],
        heads: sampler.heads,
        regions: segmentation.regionsClassOrder !== null,
        onRegion: (slice, predicted) => regions.push(slice, predicted),
      }),
    );
  const compared = (against: Truth) =>
    outputs.to(labelled(options)).observe(async (slice) => overlap.push(slice.data.data, await against.next(slice)));
  const run = <Out>(through: Chain<Slice, Out>) => runScan(source, options, through, drain);
  try {
    await (truth ? run(compared(truth)) : run(outputs));
  } finally {
    await truth?.close();
  }
  const embeddings = await embedding.result;
  return {
    ...embeddedFacts(embeddings, regions.weights, options),
    histogram: histogram.shares,
    outputs: Object.fromEntries([...readings].map(([name, { meter }]) => [name, meter.values()])),
    dice: truth ? overlap.dice : null,
    seconds: (performance.now() - started) / 1000,
    peakMemory: memory.bytes,
  };
}

/**
 * The same where the network's outputs cannot be read: features and intensities.
 *
 *   prepared → patch → encode → pool
 *
 * @throws SegcanaryError whatever is wrong with the scan
 */
export async function examineFeatures(source: ScanSource, options: ScanOptions & EmbeddingOptions): Promise<Examined> {
  const { plan, stepSize, encoder } = options;
  const started = performance.now();
  const memory = new PeakMemory();
  const report = reporter(options);
  const histogram = new IntensityHistogram(plan.channels.length);
  const embedding = prepared({ ...options, window: { stepSize } })
    .observe(({ data }) => histogram.push(contiguous(data)))
    .to(patch({ patchSize: plan.patchSize, stepSize }))
    .to(encode({ encoder, seconds: limitsOf(options.limits).seconds }))
    .to(pool())
    .observe((embedding) => {
      memory.look();
      report(embedding);
    });
  const embeddings = await runScan(source, options, embedding, all());
  return {
    ...embeddedFacts(embeddings, {}, options),
    histogram: histogram.shares,
    outputs: {},
    dice: null,
    seconds: (performance.now() - started) / 1000,
    peakMemory: memory.bytes,
  };
}

/** What all of a scan's embeddings say. */
function embeddedFacts(
  embeddings: readonly Embedding[],
  regions: PredictedRegions['weights'],
  options: ScanOptions,
): Pick<Examined, 'case' | 'patches' | 'voxels' | 'weights' | 'cover' | keyof KeptFeatures> {
  const [first] = embeddings;
  if (!first) throw endedEarly(options, 'it could be examined');
  const mean = [...patchWeights(first.grid, first.tiling)];
  const { foreground = mean, interior = foreground } = regions;
  return {
    case: first.grid.scan.case,
    patches: embeddings.length,
    voxels: voxelsOf(first.grid),
    rows: stackRows(embeddings.map(({ vector }) => vector)),
    means: stackRows(embeddings.map(({ channelMeans }) => channelMeans)),
    measured: stackRows(embeddings.map(({ measured }) => measured ?? new Float32Array(0))),
    d: first.vector.length,
    c: first.channelMeans.length,
    m: first.measured?.length ?? 0,
    weights: { mean, foreground, interior },
    cover: [...coverWeights(first.grid, first.tiling)],
  };
}

/**
 * The intensities of a scan as the network would see them, without the network: prepared.
 *
 * @returns shares of the voxels in bins, channel after channel
 * @throws SegcanaryError whatever is wrong with the scan
 */
export async function histogramOf(source: ScanSource, options: ScanOptions & PreparationOptions): Promise<number[]> {
  const histogram = await runScan(source, options, prepared(options), intensities);
  if (histogram) return histogram.shares;
  throw endedEarly(options, 'its first slice');
}

const intensities: Collector<Slice, IntensityHistogram | null, IntensityHistogram | null> = {
  init: () => null,
  add: (known, { data, grid }) => {
    const histogram = known ?? new IntensityHistogram(grid.channels);
    histogram.push(contiguous(data));
    return histogram;
  },
  finish: (histogram) => histogram,
};

/** Most resident memory of the process at the moments when it was looked at. */
class PeakMemory {
  bytes = 0;

  look(): void {
    this.bytes = Math.max(this.bytes, process.memoryUsage.rss());
  }
}

/** How much each patch counts in the mean over the voxels that are predicted as foreground. */
class PredictedRegions {
  #foreground: MaskWeights | null = null;
  #interior: MaskWeights | null = null;

  push({ grid, tiling, z }: LogitSlice, { foreground, interior }: PredictedRegion): void {
    this.#foreground ??= new MaskWeights(grid, tiling);
    this.#interior ??= new MaskWeights(grid, tiling);
    this.#foreground.push(z, foreground);
    this.#interior.push(z, interior);
  }

  /** Absent where no voxel is in a region. */
  get weights(): { readonly foreground?: number[] | undefined; readonly interior?: number[] | undefined } {
    return {
      foreground: this.#foreground?.weights ?? undefined,
      interior: this.#interior?.weights ?? undefined,
    };
  }
}

/** A meter for every method whose passes are there. */
function readingsOf({ outputs, sampler, segmentation }: ExamineOptions) {
  const context = { classes: sampler.heads, regions: segmentation.regionsClassOrder !== null };
  const readings = new Map<string, { readonly meter: OutputMeter; readonly passes: readonly number[] }>();
  for (const { name, passes, meter } of outputs) {
    const indices = sampler.layout[passes];
    if (indices) readings.set(name, { meter: meter(context), passes: indices });
  }
  return readings;
}

const voxelsOf = ({ scan: { shape } }: Grid): number => shape[0] * shape[1] * shape[2];
