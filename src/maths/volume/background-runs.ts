/**
 * A component of the background ended in a slice without reaching the border of the scan: a hole.
 */
const closedHole = -1;
/** A component of the background ended, and had reached the border: outside. */
export const closedOutside = -2;

/**
 * Numbers that describe one run: y, first x, one past the last x, and the component it belongs to.
 */
export const runFields = 4;

/** The background of one slice, and what became of the components of the slice before. */
export interface SliceBackground {
  /**
   * `runFields` numbers a run, rows ascending. Components are numbered from 0 in every slice anew.
   */
  readonly runs: Int32Array;
  readonly components: number;
  /**
   * For each component of the slice before: its number in this slice, or closedHole, or
   * closedOutside.
   */
  readonly next: Int32Array;
}

/**
 * Connected components of a scan's background (6-connectivity) while its slices arrive. Knows the
 * runs of two slices and nothing more; what a component turns out to be, hole or outside, is learnt
 * by following `next` forwards, which is a walk backwards over the slices at the end.
 */
export class BackgroundRuns {
  readonly #height: number;
  readonly #width: number;
  #runs = new Int32Array(0);
  #reaches: Uint8Array = new Uint8Array(0);
  #first = true;

  constructor(height: number, width: number) {
    this.#height = height;
    this.#width = width;
  }

  /**
   * @param occupied [y, x], not 0 where any channel is not 0. What still goes on in the scan's last
   *   slice is outside: its end is border too.
   */
  push(occupied: Uint8Array): SliceBackground {
    const runs = this.#findRuns(occupied);
    const count = runs.length / runFields;
    const before = this.#reaches.length;
    const parent = Int32Array.from({ length: before + count }, (_, i) => i);
    const reaches = new Uint8Array(before + count);
    reaches.set(this.#reaches);
    for (let r = 0; r < count; r++) {
      const y = runs[r * runFields];
      const edge =
        y === 0 || y === this.#height - 1 || runs[r * runFields + 1] === 0 || runs[r * runFields + 2] === this.#width;
      if (edge || this.#first) reaches[before + r] = 1;
    }
    const join = (a: number, b: number): void => {
      const rootA = find(parent, a);
      const rootB = find(parent, b);
      if (rootA === rootB) return;
      parent[rootB] = rootA;
      reaches[rootA] |= reaches[rootB];
    };
    overlaps(runs, 1, runs, (upper, lower) => join(before + upper, before + lower));
    const previous = this.#runs;
    overlaps(previous, 0, runs, (old, now) => join(previous[old * runFields + 3], before + now));

    const number = new Int32Array(before + count).fill(-1);
    let components = 0;
    for (let r = 0; r < count; r++) {
      const root = find(parent, before + r);
      if (number[root] === -1) number[root] = components++;
      runs[r * runFields + 3] = number[root];
    }
    const next = new Int32Array(before);
    for (let p = 0; p < before; p++) {
      const root = find(parent, p);
      next[p] = number[root] !== -1 ? number[root] : reaches[root] ? closedOutside : closedHole;
    }
    const carried = new Uint8Array(components);
    for (let i = 0; i < number.length; i++) if (number[i] !== -1) carried[number[i]] = reaches[i];
    this.#runs = runs;
    this.#reaches = carried;
    this.#first = false;
    return { runs, components, next };
  }

  #findRuns(occupied: Uint8Array): Int32Array<ArrayBuffer> {
    const width = this.#width;
    const found: number[] = [];
    for (let y = 0, row = 0; y < this.#height; y++, row += width) {
      let x = 0;
      while (x < width) {
        while (x < width && occupied[row + x] !== 0) x++;
        const start = x;
        while (x < width && occupied[row + x] === 0) x++;
        if (x > start) found.push(y, start, x, 0);
      }
    }
    return Int32Array.from(found);
  }
}

function find(parent: Int32Array, node: number): number {
  let at = node;
  while (parent[at] !== at) {
    parent[at] = parent[parent[at]];
    at = parent[at];
  }
  return at;
}

/**
 * Calls back for every pair of runs that share an x, `a` in row y - shift and `b` in row y. Both
 * lists ascend, so two fingers suffice.
 */
function overlaps(a: Int32Array, shift: number, b: Int32Array, each: (indexA: number, indexB: number) => void): void {
  let i = 0;
  let j = 0;
  while (i < a.length && j < b.length) {
    const rows = a[i] + shift - b[j];
    if (rows === 0 && a[i + 1] < b[j + 2] && b[j + 1] < a[i + 2]) each(i / runFields, j / runFields);
    if (rows < 0 || (rows === 0 && a[i + 2] <= b[j + 2])) i += runFields;
    else j += runFields;
  }
}
