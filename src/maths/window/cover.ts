import type { Tiling, Triple } from '../../chunks.js';

/** Some tiles of a sliding window, and which of all tiles they are. */
export interface Cover {
  /** The tiles that are kept, as a window of their own. */
  readonly tiling: Tiling;
  /**
   * Where a tile of the whole window is among those that are kept.
   *
   * @param tile index into the whole window's origins on each axis
   * @returns its index among the kept ones; null where it is left out
   */
  find(tile: Triple): Triple | null;
}

/**
 * As few of a sliding window's tiles as leave no voxel out: along each axis the first, then always
 * the farthest that begins no later than the last one ends. At half overlap they are every second
 * one and the last, an eighth of the patches, hardly overlap, and are among those that nnU-Net
 * segments with.
 */
export function coverOf(tiling: Tiling): Cover {
  const kept = tiling.origins.map((origins, axis) => coverAxis(origins, tiling.patchSize[axis]));
  const places = kept.map((indices) => new Map(indices.map((index, place) => [index, place])));
  const perAxis = <T>(f: (axis: number) => T): [T, T, T] => [f(0), f(1), f(2)];
  return {
    tiling: { ...tiling, origins: perAxis((axis) => kept[axis].map((index) => tiling.origins[axis][index])) },
    find(tile) {
      const [z, y, x] = perAxis((axis) => places[axis].get(tile[axis]));
      return z === undefined || y === undefined || x === undefined ? null : [z, y, x];
    },
  };
}

/** @returns indices of the tiles along one axis, ascending */
function coverAxis(origins: readonly number[], patch: number): number[] {
  const kept = [0];
  for (let i = 1; i < origins.length; i++) {
    const isLast = i === origins.length - 1;
    const reach = origins[kept[kept.length - 1]] + patch;
    if (isLast || origins[i + 1] > reach) kept.push(i);
  }
  return kept;
}
