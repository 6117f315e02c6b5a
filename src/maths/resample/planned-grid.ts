import type { Grid, Triple } from '../../chunks.js';
import type { Plan } from '../../plan.js';
import { resampledGrid } from './grid-resampler.js';

/**
 * The grid that a plan makes of a scan's: of its spacing, or of its shape. The same object where
 * the shape stays.
 */
export function plannedGrid(
  grid: Grid,
  { spacing, resizeTo, resampling }: Pick<Plan, 'spacing' | 'resizeTo' | 'resampling'>,
): Grid {
  return spacing === null ? resizedGrid(grid, resizeTo!) : resampledGrid(grid, spacing, resampling);
}

/** The grid of another shape over the same extent. No axis is taken on its own. */
export function resizedGrid(grid: Grid, shape: Triple): Grid {
  if (shape.every((n, axis) => n === grid.shape[axis])) return grid;
  const { statistics: _, ...rest } = grid;
  const along = (axis: 0 | 1 | 2) => (grid.spacing[axis] * grid.shape[axis]) / shape[axis];
  return { ...rest, shape, spacing: [along(0), along(1), along(2)], separateAxis: null };
}
