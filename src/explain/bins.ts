import type { Scheme } from '../plan.js';

/**
 * Hounsfield units from centre to centre: water, air and every fiftieth unit lie in the middle of a
 * bin, and not at an edge that noise would cross.
 */
const CT = { low: -1125, width: 50, bins: 84 };

/**
 * From a sixty-fourth to a million, in both directions: shares of 1, SUV, MR and counts of a
 * detector alike.
 */
const OCTAVES = { from: -6, to: 20 };

/**
 * The edges of the bins in which a channel's own intensities are counted, [bins + 1], ascending;
 * the first and the last bin take what lies beyond them too.
 *
 * A CT has 84 bins of 50 HU from -1125 to 3075. Anything else, whose scale is not known before the
 * first voxel, has two bins an octave, at 2^k and 1.5 * 2^k from 1/64 to 2^20, the same below 0,
 * and one bin about 0.
 */
export function binEdges(scheme: Scheme): number[] {
  if (scheme === 'CTNormalization') return Array.from({ length: CT.bins + 1 }, (_, i) => CT.low + CT.width * i);
  const positive: number[] = [];
  for (let k = OCTAVES.from; k < OCTAVES.to; k++) positive.push(2 ** k, 1.5 * 2 ** k);
  positive.push(2 ** OCTAVES.to);
  return [...positive.map((edge) => -edge).reverse(), ...positive];
}

/** Values whose bin is looked up: all that most scanners write. */
const KNOWN = 2 ** 15;
/** In the table, for a unit that an edge cuts. */
const CUT = 65535;

/**
 * A function that tells the bin of a value: edges[i] <= value < edges[i + 1], or the first or last
 * one.
 *
 * @param edges ascending, two to 65535
 */
export function binOf(edges: readonly number[]): (value: number) => number {
  const last = edges.length - 2;
  const search = (value: number): number => {
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (value >= edges[middle]) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  // The bin of every whole number, and of all from it to the next where no edge lies between: a
  // large scan has 2e8 voxels, and a search takes four times as long.
  const whole = Uint16Array.from({ length: 2 * KNOWN }, (_, i) => search(i - KNOWN));
  const unit = whole.slice();
  for (const edge of edges) {
    const i = Math.floor(edge) + KNOWN;
    if (!Number.isInteger(edge) && i >= 0 && i < unit.length) unit[i] = CUT;
  }
  return (value) => {
    const below = Math.floor(value);
    if (below < -KNOWN || below >= KNOWN) return search(value);
    const bin = unit[below + KNOWN];
    if (bin !== CUT) return bin;
    return below === value ? whole[below + KNOWN] : search(value);
  };
}
