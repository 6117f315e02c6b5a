import type { Embedding, ExplainedGroup } from '../chunks.js';
import type { FeatureDetector } from '../detectors/saved.js';
import { SegcanaryError } from '../errors.js';
import { groupDistances } from './channel-groups.js';

/** One group as the training patches have it: mean and standard deviation of its squared distance. */
interface Group extends Pick<ExplainedGroup, 'name' | 'tensor' | 'channels'> {
  readonly mean: number;
  readonly deviation: number;
}

/** The smallest mean or deviation that is divided by: as `multi-layer` has it. */
const LEAST = 1e-12;

/** How far every group of features of a scan lies from the training patches, patch by patch. Holds a number a group. */
export class GroupMeter {
  readonly #groups: readonly Group[];
  readonly #distances: (embedding: Embedding) => Float64Array;
  readonly #sums: Float64Array;

  private constructor(groups: readonly Group[], distances: (embedding: Embedding) => Float64Array) {
    this.#groups = groups;
    this.#distances = distances;
    this.#sums = new Float64Array(groups.length);
  }

  /**
   * Groups of a detector: the stages of the encoder where its method judges each by itself, else channels at its tap; null where it was fitted before it kept them.
   *
   * @throws SegcanaryError `detector-corrupt` where its files do not belong together
   */
  static of({ dir, description, scorer }: Pick<FeatureDetector, 'dir' | 'description' | 'scorer'>): GroupMeter | null {
    const { stages, tap, trainingChannels: kept } = description;
    const ofStages = scorer.stages;
    if (ofStages && stages) {
      if (stages.length !== ofStages.training.length)
        throw new SegcanaryError(
          'detector-corrupt',
          `${dir}: detector.json names ${stages.length} stages and statistics.safetensors has ${ofStages.training.length}; fit the detector again.`,
        );
      const groups = ofStages.training.map((training, i) => ({
        name: `stage-${i + 1}`,
        tensor: stages[i]!.name,
        channels: stages[i]!.channels,
        ...training,
      }));
      return new GroupMeter(groups, ({ measured }) => ofStages.distances(measured ?? new Float32Array(0)));
    }
    if (!kept) return null;
    let first = 0;
    const groups = kept.groups.map(({ channels, spread }) => {
      first += channels;
      const name = `channels ${first - channels}-${first - 1}`;
      return { name, tensor: tap.name, channels, mean: 1, deviation: spread };
    });
    return new GroupMeter(groups, ({ channelMeans }) => groupDistances(kept, channelMeans));
  }

  /** @param weight how much the patch counts in the score */
  push(embedding: Embedding, weight: number): void {
    const distances = this.#distances(embedding);
    for (let g = 0; g < distances.length; g++) this.#sums[g]! += weight * distances[g]!;
  }

  /** Of the patches so far; the weights of all of them sum to 1. */
  get groups(): ExplainedGroup[] {
    return this.#groups.map(({ name, tensor, channels, mean, deviation }, g) => ({
      name,
      tensor,
      channels,
      ratio: this.#sums[g]! / Math.max(mean, LEAST),
      z: (this.#sums[g]! - mean) / Math.max(deviation, LEAST),
    }));
  }
}
