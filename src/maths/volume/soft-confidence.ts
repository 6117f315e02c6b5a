export interface SoftConfidenceOptions {
  /** Outputs of the network: classes, or regions. */
  readonly heads: number;
  /** Whether they are regions, each with a sigmoid of its own, and not classes under a softmax. */
  readonly regions: boolean;
  /** Whether what is pushed are probabilities already, whose logits are then taken. */
  readonly probabilities: boolean;
  /** The head of every foreground label; at most 30. */
  readonly labels: readonly number[];
  /** What logits are divided by. Each costs an exponential a voxel and class. */
  readonly temperatures: readonly number[];
}

/** What a network says of one label that it predicted. */
export interface LabelConfidence {
  /** Voxels that are predicted as the label. */
  readonly voxels: number;
  /**
   * [temperature]: the soft Dice confidence 2 sum(p 1[predicted]) / (sum p + voxels), where p is
   * the probability of the label and the sums are over all voxels; 0 where none is predicted.
   */
  readonly confidence: readonly number[];
  /**
   * [temperature]: mean entropy, as a share of the most that it can be, over the predicted voxels
   * whose six neighbours are predicted as the label too; over all predicted ones where there are
   * none of these; 1 where none is predicted.
   */
  readonly entropy: readonly number[];
}

/** exp(-25) of every voxel of a large scan is less than a thousandth of a voxel. */
const NOTHING = -25;
const LEAST = 1e-12;

/**
 * Measures how sure a network is of every label, from its logits, plane by plane in order: soft
 * Dice confidence (arXiv 2402.10665) and entropy away from the boundary, at several temperatures.
 * Holds two planes of entropies and three of labels.
 */
export class SoftConfidence {
  readonly #options: SoftConfidenceOptions;
  readonly #voxels: Float64Array;
  readonly #interior: Float64Array;
  /** [temperature, label] each. */
  readonly #sums: { probability: Float64Array; hit: Float64Array; entropy: Float64Array; inner: Float64Array };
  #shape: readonly [number, number] = [0, 0];
  /** Bit k of a voxel: it is predicted as label k. */
  #before: Int32Array | null = null;
  #held: { readonly bits: Int32Array; readonly entropies: Float32Array } | null = null;

  constructor(options: SoftConfidenceOptions) {
    if (options.labels.length > 30) throw new RangeError('more than 30 labels are not measured');
    this.#options = options;
    const k = options.labels.length;
    const each = () => new Float64Array(options.temperatures.length * k);
    this.#voxels = new Float64Array(k);
    this.#interior = new Float64Array(k);
    this.#sums = { probability: each(), hit: each(), entropy: each(), inner: each() };
  }

  /** @param values [head, y, x] in C order: logits or probabilities, not written to */
  push(values: Float32Array, shape: readonly [number, number]): void {
    const plane = shape[0] * shape[1];
    this.#shape = shape;
    const { regions, temperatures, labels } = this.#options;
    const bits = new Int32Array(plane);
    const entropies = new Float32Array(plane * temperatures.length * (regions ? labels.length : 1));
    if (regions) this.#regions(this.#logits(values), bits, entropies);
    else this.#classes(this.#logits(values), bits, entropies);
    for (let i = 0; i < plane; i++)
      for (let k = 0, left = bits[i]; left !== 0; k++, left >>>= 1) this.#voxels[k] += left & 1;
    this.#finish(bits);
    this.#before = this.#held?.bits ?? null;
    this.#held = { bits, entropies };
  }

  /** One a label, after the last plane. */
  result(): LabelConfidence[] {
    this.#finish(null);
    this.#held = null;
    const { labels, temperatures } = this.#options;
    const { probability, hit, entropy, inner } = this.#sums;
    return labels.map((_, k) => {
      const voxels = this.#voxels[k];
      const at = (t: number) => t * labels.length + k;
      const meanEntropy = (t: number) =>
        this.#interior[k] > 0 ? inner[at(t)] / this.#interior[k] : entropy[at(t)] / voxels;
      return {
        voxels,
        confidence: temperatures.map((_, t) => (voxels === 0 ? 0 : (2 * hit[at(t)]) / (probability[at(t)] + voxels))),
        entropy: temperatures.map((_, t) => (voxels === 0 ? 1 : meanEntropy(t))),
      };
    });
  }

  #logits(values: Float32Array): Float32Array {
    const { probabilities, regions } = this.#options;
    if (!probabilities) return values;
    return values.map((p) => Math.log(Math.max(p, LEAST)) - (regions ? Math.log(Math.max(1 - p, LEAST)) : 0));
  }

  #classes(logits: Float32Array, bits: Int32Array, entropies: Float32Array): void {
    const { heads, labels, temperatures } = this.#options;
    const { probability, hit, entropy } = this.#sums;
    const plane = bits.length;
    const most = Math.log(heads);
    const labelOf = Int32Array.from({ length: heads }, (_, head) => labels.indexOf(head));
    const shares = new Float64Array(heads);
    for (let i = 0; i < plane; i++) {
      let [best, high] = [0, logits[i]];
      for (let c = 1; c < heads; c++) if (logits[c * plane + i] > high) [best, high] = [c, logits[c * plane + i]];
      const predicted = labelOf[best];
      if (predicted >= 0) bits[i] = 1 << predicted;
      for (let t = 0; t < temperatures.length; t++) {
        let [sum, weighted] = [1, 0];
        for (let c = 0; c < heads; c++) {
          if (c === best) continue;
          const below = (logits[c * plane + i] - high) / temperatures[t];
          const share = below < NOTHING ? 0 : Math.exp(below);
          shares[c] = share;
          sum += share;
          weighted += share * below;
        }
        shares[best] = 1;
        for (let k = 0; k < labels.length; k++) probability[t * labels.length + k] += shares[labels[k]] / sum;
        if (predicted < 0) continue;
        // H = ln S - sum(d e^d) / S, with S = sum e^d and d what a logit lies below the largest.
        const value = (Math.log(sum) - weighted / sum) / most;
        hit[t * labels.length + predicted] += 1 / sum;
        entropy[t * labels.length + predicted] += value;
        entropies[t * plane + i] = value;
      }
    }
  }

  #regions(logits: Float32Array, bits: Int32Array, entropies: Float32Array): void {
    const { labels, temperatures } = this.#options;
    const { probability, hit, entropy } = this.#sums;
    const plane = bits.length;
    for (let k = 0; k < labels.length; k++) {
      for (let i = 0; i < plane; i++) {
        const logit = logits[labels[k] * plane + i];
        if (logit > 0) bits[i] |= 1 << k;
        for (let t = 0; t < temperatures.length; t++) {
          const at = t * labels.length + k;
          const below = -Math.abs(logit) / temperatures[t];
          const share = below < NOTHING ? 0 : Math.exp(below);
          probability[at] += (logit > 0 ? 1 : share) / (1 + share);
          if (logit <= 0) continue;
          const value = (Math.log1p(share) - (share * below) / (1 + share)) / Math.LN2;
          hit[at] += 1 / (1 + share);
          entropy[at] += value;
          entropies[at * plane + i] = value;
        }
      }
    }
  }

  /** The held plane's voxels inside a label, now that the plane behind it is known. */
  #finish(behind: Int32Array | null): void {
    const before = this.#before;
    if (!this.#held || !before || !behind) return;
    const { bits, entropies } = this.#held;
    const { regions, labels, temperatures } = this.#options;
    const [height, width] = this.#shape;
    const plane = height * width;
    for (let y = 1; y < height - 1; y++) {
      for (let i = y * width + 1; i < (y + 1) * width - 1; i++) {
        if (bits[i] === 0) continue;
        let left = bits[i] & bits[i - 1] & bits[i + 1] & bits[i - width] & bits[i + width] & before[i] & behind[i];
        for (let k = 0; left !== 0; k++, left >>>= 1) {
          if ((left & 1) === 0) continue;
          this.#interior[k]++;
          for (let t = 0; t < temperatures.length; t++) {
            const at = t * labels.length + k;
            this.#sums.inner[at] += entropies[(regions ? at : t) * plane + i];
          }
        }
      }
    }
  }
}
