import type { Triple } from '../../src/chunks.js';

/**
 * Where the voxels of a scan lie in the patient: the middle of voxel (0, 0, 0) and the steps, in
 * mm, along [z, y, x].
 */
export interface Grid {
  readonly shape: Triple;
  readonly spacing: Triple;
  readonly origin: Triple;
}
