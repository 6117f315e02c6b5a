import { z } from 'zod';

const numbers = z.number().array();
const ascending = (values: readonly number[]) => values.every((value, i) => i === 0 || value > values[i - 1]);
const near1 = (shares: readonly number[]) => Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-6;

const channelIntensitiesSchema = z
  .object({
    /** [bins + 1]. The first and the last bin hold what lies beyond them too. */
    edges: numbers.min(3).max(1025).refine(ascending, 'expected edges that ascend'),
    /** [bins]: shares of the voxels, mean over the training scans. */
    shares: z.number().min(0).max(1).array().max(1024).refine(near1, 'expected shares that sum to 1'),
    /**
     * Wasserstein-1 distance of each training scan to the mean of the others: mean and largest.
     * Null of a single scan.
     */
    distances: z.object({ mean: z.number().min(0), max: z.number().min(0) }).nullable(),
  })
  .refine(({ edges, shares }) => edges.length === shares.length + 1, 'expected one more edge than there are shares');

/**
 * What a detector keeps to explain a verdict, none of which rests on it: intensities of the
 * training scans before they are normalised and resampled, in the crop box: one entry a channel of
 * the plan.
 */
export const trainingIntensitiesSchema = z.array(channelIntensitiesSchema).min(1).max(64);

export type TrainingIntensities = z.output<typeof trainingIntensitiesSchema>;
