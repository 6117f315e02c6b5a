import type { PatchDistance } from '../chunks.js';
import { patchBox, patchCentre } from '../maths/window/place.js';
import type { ExplainedPatch } from '../results.js';

/** How many are told of. */
export const LARGEST = 5;

/**
 * Keeps the patches of the largest distances, the earlier of equal ones, and nothing of the others.
 */
export class LargestPatches {
  readonly #kept: ExplainedPatch[] = [];

  /** @param weight how much the patch counts in the score */
  push({ grid, tiling, tile, index, distance }: PatchDistance, weight: number): void {
    const at = this.#kept.findIndex((other) => distance > other.distance);
    const place = at < 0 ? this.#kept.length : at;
    if (place >= LARGEST) return;
    const centre = patchCentre(grid, tiling, tile);
    this.#kept.splice(place, 0, { index, distance, weight, centre, box: patchBox(grid, tiling, tile) });
    this.#kept.length = Math.min(this.#kept.length, LARGEST);
  }

  /** Largest first. */
  get patches(): readonly ExplainedPatch[] {
    return this.#kept;
  }
}
