import { z } from 'zod';

/** What a detector keeps of its training scans to explain a verdict. No verdict rests on it. */

const numbers = z.number().array();
const ascending = (values: readonly number[]) => values.every((value, i) => i === 0 || value > values[i - 1]!);
const near1 = (shares: readonly number[]) => Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-6;

const channelIntensitiesSchema = z
  .object({
    /** [bins + 1]. The first and the last bin hold what lies beyond them too. */
    edges: numbers.min(3).max(1025).refine(ascending, 'expected edges that ascend'),
    /** [bins]: shares of the voxels, mean over the training scans. */
    shares: z.number().min(0).max(1).array().max(1024).refine(near1, 'expected shares that sum to 1'),
    /** Wasserstein-1 distance of each training scan to the mean of the others: mean and largest. Null of a single scan. */
    distances: z.object({ mean: z.number().min(0), max: z.number().min(0) }).nullable(),
  })
  .refine(({ edges, shares }) => edges.length === shares.length + 1, 'expected one more edge than there are shares');

/** Intensities of the training scans before they are normalised and resampled, in the crop box: one entry a channel of the plan. */
export const trainingIntensitiesSchema = z.array(channelIntensitiesSchema).min(1).max(64);

/** How the channels at the tap vary over the training patches, and groups of neighbours among them. */
export const trainingChannelsSchema = z
  .object({
    /** [c]: mean of every channel's mean over a patch, and its standard deviation (divisor n). */
    mean: numbers.min(1).max(65536),
    deviation: z.number().min(0).array().max(65536),
    /**
     * One after another, all channels together. `spread`: standard deviation over the training patches of the group's own squared distance, the mean over its channels of
     * ((x - mean) / deviation)^2; the mean of which is 1.
     */
    groups: z
      .array(z.object({ channels: z.int().positive(), spread: z.number().min(0) }))
      .min(1)
      .max(64),
  })
  .refine(
    ({ mean, deviation, groups }) =>
      mean.length === deviation.length && groups.reduce((sum, { channels }) => sum + channels, 0) === mean.length,
    'expected as many deviations as means, and groups of as many channels',
  );

export type TrainingIntensities = z.output<typeof trainingIntensitiesSchema>;
export type TrainingChannels = z.output<typeof trainingChannelsSchema>;
