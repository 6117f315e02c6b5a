import ndarray from 'ndarray';
import type { Grid, LogitSlice } from '../chunks.js';
import { GridResampler } from '../maths/resample/grid-resampler.js';
import { separateAxisOf } from '../maths/resample/separate-axis.js';
import { contiguous } from '../maths/volume/contiguous.js';
import type { Plan, SegmentationPlan } from '../plan.js';
import { SliceOrder } from './slice-order.js';
import { plannedAxes } from './spool/spooled-grid.js';
import { type Stage, stage } from './stage.js';

export interface RestoreOptions {
  readonly plan: Pick<Plan, 'reader' | 'transposeForward'> & Partial<Pick<Plan, 'order'>>;
  readonly segmentation: Pick<SegmentationPlan, 'resampling'>;
}

/**
 * Logits of the network grid to logits of the crop box at the scan's own spacing, slice by slice:
 * linear, and nearest along a separate axis, as nnU-Net resamples them. The axes stay as the plan
 * turned them (`uncrop` turns the labels back). Holds two slices.
 *
 * Source: nnunetv2 inference/export_prediction.py,
 * `convert_predicted_logits_to_segmentation_with_correct_shape`; v1 see `separateAxisBack`.
 *
 * @throws SegcanaryError `truncated` when the input ends before the grid does, `scan-unsuitable`
 *   for slices out of order
 */
export function restore(options: RestoreOptions): Stage<LogitSlice, LogitSlice> {
  let from: Grid | null = null;
  let to: Grid | null = null;
  let resampler: GridResampler | null = null;
  const order = new SliceOrder('restore');
  return stage<LogitSlice, LogitSlice>(
    { name: 'restore' },
    {
      *transform(slice) {
        const [classes] = slice.data.shape;
        if (from === null || to === null) {
          from = slice.grid;
          to = boxGrid(from, options);
          if (!from.shape.every((n, axis) => n === to!.shape[axis])) {
            // The resampler's grids count what it resamples: classes here, channels elsewhere.
            const separateAxis = separateAxisBack(from, to, options);
            const counted = { ...from, channels: classes! };
            resampler = new GridResampler(
              counted,
              { ...to, channels: classes!, separateAxis },
              options.segmentation.resampling,
              null,
            );
          }
        }
        order.take(slice);
        if (resampler === null) {
          yield { ...slice, grid: to };
          return;
        }
        for (const [z, data] of resampler.push(contiguous(slice.data))) {
          yield { grid: to, tiling: slice.tiling, z, data: ndarray(data, [classes!, to.shape[1], to.shape[2]]) };
        }
      },
      flush() {
        order.end();
        return [];
      },
      close() {
        resampler = null;
      },
    },
  );
}

/**
 * The grid that `resample` started from: the crop box at the scan's own spacing, axes as the plan
 * turned them.
 */
function boxGrid(grid: Grid, { plan }: RestoreOptions): Grid {
  const { start, stop } = grid.box;
  const shape = [stop[0] - start[0], stop[1] - start[1], stop[2] - start[2]] as const;
  return { ...grid, shape, spacing: plannedAxes(grid.scan, plan).spacing, separateAxis: null };
}

/**
 * The axis to resample on its own on the way back. nnU-Net v2 asks the network's spacing first, v1
 * the scan's. By then v1 has turned its axes back, and looks the coarsest axis of the network's
 * spacing up as if it had not: with turned axes it may take another one. Reproduced.
 *
 * Source: nnunet 1.7.1 inference/segmentation_export.py, `save_segmentation_nifti_from_softmax`.
 */
function separateAxisBack(from: Grid, to: Grid, { plan, segmentation }: RestoreOptions): 0 | 1 | 2 | null {
  const { forceSeparateZ } = segmentation.resampling;
  if (plan.order !== 'resample-first') return separateAxisOf(from.spacing, to.spacing, forceSeparateZ);
  const axis = separateAxisOf(to.spacing, from.spacing, forceSeparateZ);
  const byTheScan = separateAxisOf(to.spacing, to.spacing, forceSeparateZ) !== null;
  return axis === null || byTheScan ? axis : (plan.transposeForward.indexOf(axis) as 0 | 1 | 2);
}
