import { SegcanaryError } from '../errors.js';
import type { CachedEmbeddings } from './embedding-cache.js';
import type { FitContext, GroupDistances } from './method.js';
import { multiLayer } from './methods/multi-layer.js';
import type { Tensor } from './safetensors.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** As many bars as are read at a glance, and as many channels as a matrix of theirs stays small. */
const [GROUPS, CHANNELS] = [8, 256];
/** Beside the tensors of the detector's own method. */
const PREFIX = 'groups.';

/**
 * How many channels each group of neighbours at the tap has: eight groups, more only beyond 2048
 * channels, as equal as they can be.
 */
export function groupSizes(channels: number): number[] {
  const groups = Math.min(channels, Math.max(GROUPS, Math.ceil(channels / CHANNELS)));
  const end = (i: number) => Math.floor((i * channels) / groups);
  return Array.from({ length: groups }, (_, i) => end(i + 1) - end(i));
}

/**
 * Fits each group of channels by itself, as `multi-layer` fits each stage: the Mahalanobis distance
 * of its channel means, with the correlations inside the group, and mean and deviation of that over
 * the training patches. Ledoit-Wolf, whatever the detector's estimator.
 *
 * @param entries what the cache has of every training scan; read more than once
 * @returns null where a group cannot be fitted, because none of its channels ever varies: no
 *   verdict rests on it, and none has to fail by it
 */
export async function fitChannelGroups(
  entries: () => AsyncIterable<Pick<CachedEmbeddings, 'means' | 'n' | 'c'>>,
  sizes: readonly number[],
  { blas }: Pick<FitContext, 'blas'>,
): Promise<Tensors | null> {
  async function* blocks() {
    for await (const { means, n, c } of entries()) yield { rows: means, n, d: c, parts: sizes };
  }
  try {
    const { tensors } = await multiLayer.fit(blocks, { estimator: 'ledoit-wolf', blas });
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [PREFIX + name, tensor]));
  } catch (error) {
    if (error instanceof SegcanaryError && error.code === 'fit-failed') return null;
    throw error;
  }
}

/**
 * The groups of a detector, from the tensors among its statistics.
 *
 * @throws Error with half a sentence for whoever knows the file's name
 */
export function openChannelGroups(tensors: Tensors, sizes: readonly number[]): GroupDistances {
  const own = Object.entries(tensors).filter(([name]) => name.startsWith(PREFIX));
  const { d, encoderStages: groups } = multiLayer.open(
    Object.fromEntries(own.map(([name, tensor]) => [name.slice(PREFIX.length), tensor])),
  );
  const channels = sizes.reduce((sum, size) => sum + size, 0);
  if (groups?.training.length !== sizes.length || d !== channels)
    throw new Error(`its groups have ${d} channels, and detector.json says ${channels} in ${sizes.length} groups`);
  return groups;
}
