import type { Embedding, Grid, LabelSlice, Prediction, Slice } from '../chunks.js';
import type { KeptFeatures } from '../detectors/method.js';
import type { OutputMeter, OutputMethod, VoxelSet } from '../detectors/outputs/output-method.js';
import { SegcanaryError } from '../errors.js';
import { stackRows } from '../maths/linalg/stack.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { IntensityHistogram } from '../maths/volume/histogram.js';
import { foregroundOf, Overlap } from '../maths/volume/overlap.js';
import { MaskWeights } from '../maths/window/region-weights.js';
import { patchWeights } from '../maths/window/uncertainty-mask.js';
import type { Sampler } from '../network/sampler.js';
import { type PreparationOptions, preparationStages } from '../pipeline.js';
import type { Plan, SegmentationPlan } from '../plan.js';
import { assemble } from '../stages/assemble.js';
import { fork } from '../stages/fork.js';
import { label } from '../stages/label.js';
import { observe } from '../stages/observe.js';
import { patch } from '../stages/patch.js';
import { pool } from '../stages/pool.js';
import { predict, tapped } from '../stages/predict.js';
import { readOutputs } from '../stages/read-outputs.js';
import { restore } from '../stages/restore.js';
import { uncrop } from '../stages/uncrop.js';
import { type ChannelBytes, runScan, runStages, type ScanBytes, type ScanOptions } from './run.js';
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
 * load → spool → normalise → resample → patch → predict ┬→ assemble → read-outputs → restore → label → uncrop → Dice
 *                                                       └→ tapped → pool
 *
 * @throws SegcanaryError whatever is wrong with the scan; `scan-unsuitable` where the truth is of
 *   another shape
 */
export async function examineScan(
  source: ScanBytes | readonly ChannelBytes[],
  options: ExamineOptions,
): Promise<Examined> {
  const { plan, segmentation, sampler, truth, tmpdir } = options;
  const started = performance.now();
  const embeddings: Embedding[] = [];
  let histogram: IntensityHistogram | null = null;
  const readings = readingsOf(options);
  const predicted: { foreground?: MaskWeights; interior?: MaskWeights } = {};
  let peakMemory = 0;
  const overlap = new Overlap(foregroundOf(segmentation.labels));
  const truths = truth && new Truth(truth);
  const gather = (predictions: AsyncIterable<Prediction>) =>
    runStages(predictions, [
      tapped(),
      pool(),
      observe<Embedding>((embedding) => {
        embeddings.push(embedding);
      }),
    ]);
  try {
    await runScan(source, options, [
      ...preparationStages(options),
      observe<Slice>(({ data, grid }) => {
        histogram ??= new IntensityHistogram(grid.channels);
        histogram.push(contiguous(data));
      }),
      patch({ patchSize: plan.patchSize, stepSize: options.stepSize }),
      predict({ segmenter: sampler }),
      fork<Prediction>(gather),
      observe<Prediction>(({ grid, tiling }) => {
        peakMemory = Math.max(peakMemory, process.memoryUsage.rss());
        predicted.foreground ??= new MaskWeights(grid, tiling);
        predicted.interior ??= new MaskWeights(grid, tiling);
      }),
      assemble(),
      readOutputs({
        readings: [...readings.values()],
        heads: sampler.heads,
        regions: segmentation.regionsClassOrder !== null,
        onMask: (z, { foreground, interior }) => {
          predicted.foreground!.push(z, foreground);
          predicted.interior!.push(z, interior);
        },
      }),
      ...(truths
        ? [
            restore({ plan, segmentation }),
            label({ segmentation }),
            uncrop({ tmpdir }),
            observe<LabelSlice>(async (slice) => overlap.push(slice.data.data, await truths.next(slice))),
          ]
        : []),
    ]);
  } finally {
    await truths?.close();
  }
  const [first] = embeddings;
  if (!first)
    throw new SegcanaryError('truncated', 'the scan ended before it could be examined.', { subject: options.file });
  const mean = [...patchWeights(first.grid, first.tiling)];
  const foreground = predicted.foreground?.weights ?? mean;
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
    histogram: (histogram as IntensityHistogram | null)!.shares,
    weights: { mean, foreground, interior: predicted.interior?.weights ?? foreground },
    outputs: Object.fromEntries([...readings].map(([name, { meter }]) => [name, meter.values()])),
    dice: truth ? overlap.dice : null,
    seconds: (performance.now() - started) / 1000,
    peakMemory,
  };
}

/**
 * The intensities of a scan as the network would see them, without the network: load → spool →
 * normalise → resample.
 *
 * @returns shares of the voxels in bins, channel after channel
 * @throws SegcanaryError whatever is wrong with the scan
 */
export async function histogramOf(
  source: ScanBytes | readonly ChannelBytes[],
  options: ScanOptions & PreparationOptions,
): Promise<number[]> {
  let histogram: IntensityHistogram | null = null;
  await runScan(source, options, [
    ...preparationStages(options),
    observe<Slice>(({ data, grid }) => {
      histogram ??= new IntensityHistogram(grid.channels);
      histogram.push(contiguous(data));
    }),
  ]);
  const found = histogram as IntensityHistogram | null;
  if (found) return found.shares;
  throw new SegcanaryError('truncated', 'the scan ended before its first slice.', { subject: options.file });
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
