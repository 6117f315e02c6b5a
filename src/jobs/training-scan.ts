import { join } from 'node:path';
import type { Slice } from '../chunks.js';
import type { CachedEmbeddings, EmbeddingCache } from '../detectors/embedding-cache.js';
import { binEdges } from '../explain/bins.js';
import { RawIntensities } from '../explain/raw-intensities.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { type EmbeddingOptions, type PreparationOptions, spooled } from '../pipeline.js';
import type { Plan } from '../plan.js';
import { runScan, type ScanOptions } from '../scans/run.js';
import { drain } from '../stages/collectors.js';
import { embedInput } from './embed.js';
import type { ScanInput } from './inputs.js';
import { openInput } from './open-input.js';
import { readSealed, writeSealed } from './sealed-json.js';

/** Shares of a scan's own intensities in the bins of `binEdges`, [bins] of every channel. */
export type IntensityShares = readonly (readonly number[])[];

type TrainingScanOptions = Omit<ScanOptions, 'case' | 'file'> & EmbeddingOptions;

/**
 * Embeddings and intensities of a training scan, from one reading of it, or from the cache. An
 * entry without intensities, as an evaluation or an older version leaves it, costs a reading of the
 * scan without the network.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `io` where the cache cannot be written
 */
export async function readTrainingScan(
  input: ScanInput,
  cache: EmbeddingCache,
  key: string,
  options: TrainingScanOptions,
): Promise<{ readonly embeddings: CachedEmbeddings; readonly intensities: IntensityShares; readonly cached: boolean }> {
  const path = join(cache.dir, `${key}.intensities`);
  const known = await cache.read(key);
  const kept = known && (await readShares(path, key, options.plan));
  if (known && kept) return { embeddings: known, intensities: kept, cached: true };
  const counting = countingOf(options.plan);
  const embeddings = known ?? (await embedInput(input, { ...options, onRaw: counting.onRaw }));
  const intensities = known ? await intensitiesOf(input, options) : counting.shares();
  // First: embeddings that are there are not computed again, and would then lack them.
  await writeSealed(path, key, intensities);
  if (!known) await cache.write(key, embeddings);
  return { embeddings, intensities, cached: known !== null };
}

/**
 * Intensities of a scan, from a reading of it without the network.
 *
 * @throws SegcanaryError whatever is wrong with the scan
 */
async function intensitiesOf(
  input: ScanInput,
  options: Omit<ScanOptions, 'case' | 'file'> & PreparationOptions,
): Promise<IntensityShares> {
  const { onRaw, shares } = countingOf(options.plan);
  await runScan(
    await openInput(input, options.plan, options.limits, options.signal),
    { ...options, case: input.case, file: input.file },
    spooled({ ...options, onRaw }),
    drain,
  );
  return shares();
}

/** The bins of every channel. */
export const edgesOf = ({ channels }: Pick<Plan, 'channels'>): number[][] =>
  channels.map(({ scheme }) => binEdges(scheme));

/** Counts intensities as slices go by. */
export function countingOf({ channels }: Pick<Plan, 'channels'>): {
  readonly onRaw: (slice: Slice) => void;
  readonly shares: () => IntensityShares;
} {
  const counts = new RawIntensities(edgesOf({ channels }));
  return { onRaw: ({ data }) => counts.push(contiguous(data)), shares: () => counts.shares };
}

/** What was kept of the intensities, in as many bins as there are now. */
async function readShares(path: string, key: string, plan: Plan): Promise<IntensityShares | null> {
  const kept = (await readSealed(path, key)) as IntensityShares | null;
  const edges = edgesOf(plan);
  return kept?.length === edges.length && kept.every((s, c) => s.length + 1 === edges[c].length) ? kept : null;
}
