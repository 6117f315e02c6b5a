import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Embedding, PatchDistance, SubjectScore, Warning } from './chunks.js';
import type { Detector } from './detectors/saved.js';
import { isAbort, SegcanaryError } from './errors.js';
import { patchCount } from './maths/tiling.js';
import type { Encoder } from './model/encoder.js';
import type { Plan } from './model/plans.js';
import { aggregate } from './stages/aggregate.js';
import { encode } from './stages/encode.js';
import { load } from './stages/load.js';
import { mahalanobis } from './stages/mahalanobis.js';
import { normalise } from './stages/normalise.js';
import { observe } from './stages/observe.js';
import { patch } from './stages/patch.js';
import { pool } from './stages/pool.js';
import { resample } from './stages/resample.js';
import { save } from './stages/save.js';
import { score } from './stages/score.js';
import { spool } from './stages/spool.js';
import type { Stage } from './stages/stage.js';

/** Bytes of a scan, from any stream: `process.stdin`, a file, an HTTP body, an async iterable of chunks. */
export type ScanBytes = Readable | AsyncIterable<Uint8Array>;

/** How far one scan has come. */
export interface Progress {
  readonly case: string;
  readonly patches: number;
  readonly total: number;
}

export interface ScanOptions {
  /** Name of the case in results and messages. @default 'stdin' */
  readonly case?: string;
  /** Name of the file in messages. @default the case */
  readonly file?: string;
  /** Which volume of a 4-D file, from 0. Without it a 4-D file is refused. */
  readonly volume?: number;
  /** Write the slices to a temporary file while measuring, as exact nnU-Net preprocessing needs. @default true */
  readonly spool?: boolean;
  /** Where the temporary file lies; a tmpfs would be RAM. @default os.tmpdir() */
  readonly tmpdir?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface PreparationOptions extends Pick<ScanOptions, 'spool' | 'tmpdir'> {
  readonly plan: Plan;
}

export interface EmbeddingOptions extends PreparationOptions {
  readonly encoder: Encoder;
  /** Distance between patches as a fraction of the patch. @default 0.5 */
  readonly stepSize?: number;
}

/** Slices of the scan to slices of the network grid: spool, then normalise and resample in the order of the plan. */
export function preparationStages(options: PreparationOptions): Stage<unknown, unknown>[] {
  const { plan } = options;
  const stages: Stage<never, unknown>[] =
    plan.order === 'normalise-first'
      ? [normalise({ plan }), resample({ plan })]
      : [resample({ plan }), normalise({ plan })];
  if (options.spool ?? true) stages.unshift(spool({ plan, tmpdir: options.tmpdir }));
  return stages as Stage<unknown, unknown>[];
}

/** Slices of the scan to one embedding a patch: preparation → patch → encode → pool. */
export function embeddingStages(options: EmbeddingOptions): Stage<unknown, unknown>[] {
  const { plan, encoder, stepSize } = options;
  return [
    ...preparationStages(options),
    patch({ patchSize: plan.patchSize, stepSize }),
    encode({ encoder }),
    pool(),
  ] as Stage<unknown, unknown>[];
}

/**
 * Embeds one scan: `onEmbedding` sees every patch's embedding, in order.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `aborted` when the signal says so
 */
export async function embedScan(
  source: ScanBytes,
  options: ScanOptions & EmbeddingOptions & { readonly onEmbedding: (embedding: Embedding) => void | Promise<void> },
): Promise<void> {
  const report = reporter(options);
  await run(source, options, [
    load(loadOptions(options)),
    ...embeddingStages(options),
    observe<Embedding>((embedding) => {
      report(embedding);
      return options.onEmbedding(embedding);
    }),
  ]);
}

export interface ScoreScanOptions extends ScanOptions {
  readonly detector: Detector;
  /** The detector's encoder, opened once and shared by all scans. */
  readonly encoder: Encoder;
  /** Where the uncertainty mask goes: a path, or a stream that gets gzip. */
  readonly mask?: string | Writable;
}

/**
 * Scores one scan with the default pipeline:
 * load → spool → normalise → resample → patch → encode → pool → mahalanobis → aggregate (→ save) → score.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `aborted` when the signal says so
 */
export async function scoreScan(source: ScanBytes, options: ScoreScanOptions): Promise<SubjectScore> {
  const { detector, encoder, mask } = options;
  const { plan, stepSize, calibration } = detector.description;
  const warnings: Warning[] =
    (options.spool ?? true)
      ? []
      : [
          {
            code: 'no-spool',
            message:
              'Streamed without a spool: not cropped to the non-zero box, values clipped to the range of the plan.',
          },
        ];
  let result: SubjectScore | null = null;
  await run(source, options, [
    load(loadOptions(options)),
    ...embeddingStages({ ...options, plan, encoder, stepSize }),
    mahalanobis({ gaussian: detector.gaussian }),
    observe<PatchDistance>(reporter(options)),
    aggregate(),
    ...(mask === undefined ? [] : [save({ to: mask })]),
    score({ calibration, detector: detector.id, warnings }),
    observe<SubjectScore>((s) => {
      result = s;
    }),
  ]);
  if (result === null)
    throw new SegcanaryError(
      'truncated',
      `${options.file ?? options.case ?? 'stdin'}: the scan ended before it could be scored.`,
    );
  return result;
}

const loadOptions = ({ case: name = 'stdin', file = name, volume }: ScanOptions) => ({
  case: name,
  name: file,
  volume,
});

function reporter({ onProgress }: ScanOptions): (chunk: Embedding | PatchDistance) => void {
  return (chunk) =>
    onProgress?.({ case: chunk.grid.scan.case, patches: chunk.index + 1, total: patchCount(chunk.tiling) });
}

async function run(source: ScanBytes, options: ScanOptions, stages: readonly Stage<never, unknown>[]): Promise<void> {
  try {
    await pipeline([source, ...stages, drain] as unknown as readonly NodeJS.ReadWriteStream[], {
      signal: options.signal,
    });
  } catch (error) {
    if (isAbort(error))
      throw new SegcanaryError('aborted', `${options.file ?? options.case ?? 'stdin'}: stopped before it was done.`, {
        cause: error,
      });
    throw error;
  }
}

/** Takes what is left, so that the last stage never waits for a reader. */
async function drain(rest: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of rest);
}
