/** A foreground label, or a region of several. */
export interface LabelSet {
  readonly name: string;
  readonly values: readonly number[];
}

/** The foreground of dataset.json's labels, in its order. */
export function foregroundOf(labels: Readonly<Record<string, number | readonly number[]>>): LabelSet[] {
  return Object.entries(labels)
    .map(([name, value]) => ({ name, values: typeof value === 'number' ? [value] : value }))
    .filter(({ values }) => values.some((v) => v !== 0));
}

/**
 * Counts how far two segmentations agree, slice by slice: Dice = 2 |A and B| / (|A| + |B|) for
 * every label, 1 where both are empty.
 */
export class Overlap {
  readonly #sets: readonly LabelSet[];
  /** Which sets a value is in, as bits. */
  readonly #members = new Map<number, number>();
  readonly #both: Float64Array;
  readonly #sum: Float64Array;

  constructor(sets: readonly LabelSet[]) {
    this.#sets = sets;
    this.#both = new Float64Array(sets.length);
    this.#sum = new Float64Array(sets.length);
    sets.forEach(({ values }, s) => {
      for (const value of values) this.#members.set(value, (this.#members.get(value) ?? 0) + 2 ** s);
    });
    if (sets.length > 30) throw new RangeError('more than 30 labels are not counted');
  }

  /** Two slices of the same length. */
  push(a: ArrayLike<number>, b: ArrayLike<number>): void {
    if (a.length !== b.length) throw new RangeError(`${a.length} voxels do not lie on ${b.length}`);
    // Neighbours mostly agree: one lookup a run.
    let [lastA, lastB, inA, inB] = [Number.NaN, Number.NaN, 0, 0];
    for (let i = 0; i < a.length; i++) {
      const [va, vb] = [a[i], b[i]];
      if (va !== lastA) [lastA, inA] = [va, this.#members.get(va) ?? 0];
      if (vb !== lastB) [lastB, inB] = [vb, this.#members.get(vb) ?? 0];
      if (inA === 0 && inB === 0) continue;
      for (let s = 0; s < this.#sets.length; s++) {
        const [x, y] = [(inA >> s) & 1, (inB >> s) & 1];
        this.#both[s] += x & y;
        this.#sum[s] += x + y;
      }
    }
  }

  /** The Dice of every label, by its name. */
  get dice(): Record<string, number> {
    return Object.fromEntries(
      this.#sets.map(({ name }, s) => [name, this.#sum[s] === 0 ? 1 : (2 * this.#both[s]) / this.#sum[s]]),
    );
  }
}
