/** How many of the values held are larger than one, and how many are the same. */
export interface Rank {
  readonly above: number;
  readonly equal: number;
}

/**
 * Numbers that grow by one at a time and are asked for ranks. They lie in sorted runs whose lengths
 * are falling powers of two, one for every bit of their count (Bentley and Saxe 1980): n of them
 * cost 8 n bytes, a rank O(log² n), and putting one in O(log n) on average.
 */
export class Ranks {
  readonly #runs: Float64Array[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Puts in a number; not NaN. */
  add(value: number): void {
    let run = Float64Array.of(value);
    while (this.#runs.length > 0 && this.#runs.at(-1)!.length === run.length) run = merge(this.#runs.pop()!, run);
    this.#runs.push(run);
    this.#size++;
  }

  rank(value: number): Rank {
    let above = 0;
    let equal = 0;
    for (const run of this.#runs) {
      const [from, to] = [firstAtLeast(run, value), firstAbove(run, value)];
      above += run.length - to;
      equal += to - from;
    }
    return { above, equal };
  }
}

function merge(a: Float64Array, b: Float64Array): Float64Array<ArrayBuffer> {
  const merged = new Float64Array(a.length + b.length);
  let [i, j] = [0, 0];
  for (let k = 0; k < merged.length; k++) {
    merged[k] = j === b.length || (i < a.length && a[i] <= b[j]) ? a[i++] : b[j++];
  }
  return merged;
}

/** The first index whose value is not below `value`; the length where there is none. */
function firstAtLeast(run: Float64Array, value: number): number {
  let [low, high] = [0, run.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (run[middle] < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The first index whose value is above `value`; the length where there is none. */
function firstAbove(run: Float64Array, value: number): number {
  let [low, high] = [0, run.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (run[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
