import type { Embedding } from '../chunks.js';
import type { GroupDistances } from '../detectors/method.js';
import type { FeatureDetector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import type { ExplainedGroup } from '../results.js';

/** What a group is of. */
type Group = Pick<ExplainedGroup, 'name' | 'tensor' | 'channels'>;

/** The smallest mean or deviation that is divided by: as `multi-layer` has it. */
const LEAST = 1e-12;

/**
 * How far every group of features of a scan lies from the training patches, patch by patch. Holds a
 * number a group.
 */
export class GroupMeter {
  readonly #groups: readonly Group[];
  readonly #of: GroupDistances;
  readonly #features: (embedding: Embedding) => Float32Array;
  readonly #sums: Float64Array;
  /** Where the features of each group begin, and their means so far, if any group needs them. */
  readonly #starts: readonly number[];
  readonly #means: Float64Array;

  private constructor(groups: readonly Group[], of: GroupDistances, features: (embedding: Embedding) => Float32Array) {
    this.#groups = groups;
    this.#of = of;
    this.#features = features;
    this.#sums = new Float64Array(groups.length);
    const { widths } = of;
    this.#starts = widths.map((_, g) => widths.slice(0, g).reduce((sum, width) => sum + width, 0));
    this.#means = new Float64Array(of.moved ? widths.reduce((sum, width) => sum + width, 0) : 0);
  }

  /**
   * Groups of a detector: the stages of the encoder where its method judges each by itself, else
   * channels at its tap; null where it keeps none of them.
   *
   * @throws SegcanaryError `detector-corrupt` where its files do not belong together
   */
  static of({ dir, description, scorer, channelGroups }: FeatureDetector): GroupMeter | null {
    const { stages, tap } = description;
    if (scorer.encoderStages && stages) {
      if (stages.length !== scorer.encoderStages.training.length)
        throw new SegcanaryError(
          'detector-corrupt',
          `detector.json names ${stages.length} stages and statistics.safetensors has ${scorer.encoderStages.training.length}; fit the detector again.`,
          { subject: dir },
        );
      const groups = stages.map(({ name, channels }, i) => ({ name: `stage-${i + 1}`, tensor: name, channels }));
      return new GroupMeter(groups, scorer.encoderStages, ({ measured }) => measured ?? new Float32Array(0));
    }
    if (!channelGroups || !description.channelGroups) return null;
    let first = 0;
    const groups = description.channelGroups.map((channels) => {
      first += channels;
      return { name: `channels ${first - channels}-${first - 1}`, tensor: tap.name, channels };
    });
    return new GroupMeter(groups, channelGroups, ({ channelMeans }) => channelMeans);
  }

  /** @param weight how much the patch counts in the score */
  push(embedding: Embedding, weight: number): void {
    const features = this.#features(embedding);
    const distances = this.#of.distances(features);
    for (let f = 0; f < this.#means.length; f++) this.#means[f] += weight * features[f];
    for (let g = 0; g < distances.length; g++) this.#sums[g] += weight * distances[g];
  }

  /** How far each group has moved over the patches so far; their weights sum to 1 at the end. */
  get groups(): ExplainedGroup[] {
    return this.#groups.map((group, g) => {
      const { mean, deviation } = this.#of.training[g];
      const sum = this.#sums[g];
      const start = this.#starts[g];
      const own = this.#means.subarray(start, start + this.#of.widths[g]);
      const ratio = this.#of.ratio?.(g, sum) ?? sum / Math.max(mean, LEAST);
      const moved = this.#of.moved?.(g, own);
      return { ...group, ratio, z: (sum - mean) / Math.max(deviation, LEAST), ...(moved && { moved }) };
    });
  }
}
