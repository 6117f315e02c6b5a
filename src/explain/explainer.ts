import type { Embedding, PatchDistance, PatchPlace, Slice } from '../chunks.js';
import type { Detector } from '../detectors/saved.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { patchWeights } from '../maths/window/uncertainty-mask.js';
import type { ExplainedGroup, ExplainedIntensities, Explanation, Warning } from '../results.js';
import { binEdges } from './bins.js';
import { GroupMeter } from './group-meter.js';
import { LargestPatches } from './largest-patches.js';
import { RawIntensities } from './raw-intensities.js';
import { wassersteinDistance } from './wasserstein.js';

/**
 * Gathers what explains the verdict on one scan while the scan is scored: it is shown the slices
 * before they are normalised, the embedding and the distance of every patch. Holds a number a bin,
 * a number a group, five patches and, as the score does, a number a patch.
 */
export class Explainer {
  readonly #detector: Detector;
  readonly #edges: readonly (readonly number[])[];
  readonly #intensities: RawIntensities;
  readonly #largest = new LargestPatches();
  readonly #groups: GroupMeter | null;
  #weights: Float64Array | null = null;

  constructor(detector: Detector) {
    const { plan, trainingIntensities } = detector.description;
    this.#detector = detector;
    this.#edges = trainingIntensities?.map(({ edges }) => edges) ?? plan.channels.map(({ scheme }) => binEdges(scheme));
    this.#intensities = new RawIntensities(this.#edges);
    this.#groups = detector.kind === 'features' ? GroupMeter.of(detector) : null;
  }

  /** Takes a slice as `spool` gives it. */
  slice({ data }: Slice): void {
    this.#intensities.push(contiguous(data));
  }

  embedding(embedding: Embedding): void {
    this.#groups?.push(embedding, this.#weight(embedding));
  }

  distance(patch: PatchDistance): void {
    this.#largest.push(patch, this.#weight(patch));
  }

  /**
   * What was found, when the scan has ended.
   *
   * @param intensities how far those of the scan lie, where the detector judges them
   */
  explanation(intensities?: number): Explanation {
    const { kind } = this.#detector;
    return {
      patches: kind === 'features' ? [...this.#largest.patches] : null,
      groups: this.#groups && [...this.#groups.groups, ...this.#whole(intensities)],
      intensities: this.#compared(),
      notes: this.#notes(),
    };
  }

  /** The intensities of the whole scan, as a group of their own. */
  #whole(z: number | undefined): ExplainedGroup[] {
    const part = this.#detector.kind === 'features' ? this.#detector.scorer.intensities : undefined;
    const channels = this.#detector.description.plan.channels.length;
    if (z === undefined || !part) return [];
    return [{ name: 'intensities', tensor: 'input', channels, ratio: part.ratio(z), z }];
  }

  #weight({ grid, tiling, index }: PatchPlace): number {
    this.#weights ??= patchWeights(grid, tiling);
    return this.#weights[index];
  }

  #compared(): ExplainedIntensities[] {
    const { plan, trainingIntensities } = this.#detector.description;
    return this.#intensities.shares.map((scan, c) => {
      const { name, scheme } = plan.channels[c];
      const training = trainingIntensities?.[c];
      const edges = this.#edges[c];
      return {
        channel: name,
        unit: scheme === 'CTNormalization' ? 'HU' : null,
        edges,
        training: training?.shares ?? null,
        scan,
        distance: training ? wassersteinDistance(edges, scan, training.shares) : null,
        trainingDistances: training?.distances ?? null,
      };
    });
  }

  #notes(): Warning[] {
    const { kind, method, description } = this.#detector;
    const { createdBy, trainingIntensities } = description;
    const notes: Warning[] = [];
    const old = `The detector was fitted by ${createdBy}, before it kept`;
    if (kind !== 'features')
      notes.push({ code: 'no-patches', message: `${method.name} judges a scan as a whole: no patch has a distance.` });
    else if (this.#groups === null)
      notes.push({
        code: 'no-training-groups',
        message: `${old} how groups of channels vary over the training patches, or they do not; fit it again to see which moved.`,
      });
    if (kind === 'outputs')
      notes.push({
        code: 'no-training-intensities',
        message: `Nothing is fitted for ${method.name}, so there are no training intensities beside those of the scan.`,
      });
    else if (!trainingIntensities)
      notes.push({
        code: 'no-training-intensities',
        message: `${old} the intensities of its training scans; fit it again to compare those of the scan.`,
      });
    return notes;
  }
}

/** What gathers the explanation, where one is asked for, and how it is shown the raw slices. */
export function explaining(
  detector: Detector | undefined,
  explain: boolean | undefined,
): { readonly explainer?: Explainer; readonly onRaw?: (slice: Slice) => void } {
  if (!explain || !detector) return {};
  const explainer = new Explainer(detector);
  return { explainer, onRaw: (slice) => explainer.slice(slice) };
}
