import type { ChannelStatistics, Grid, Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { TempFile } from '../files/temp-file.js';
import { measurePlanes } from '../maths/resample/plane-ranges.js';
import { plannedGrid } from '../maths/resample/planned-grid.js';
import { clippedStatistics } from '../maths/volume/clipped-statistics.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { refuseHugeGrid } from '../maths/volume/grid-limits.js';
import { NonzeroSurvey } from '../maths/volume/nonzero-survey.js';
import type { Plan } from '../plan.js';
import { SliceOrder } from './slice-order.js';
import { NonzeroMask } from './spool/nonzero-mask.js';
import { playBack, type SliceStore } from './spool/playback.js';
import { spooledGrid } from './spool/spooled-grid.js';
import { type Stage, stage } from './stage.js';

export interface SpoolOptions {
  readonly plan: Pick<
    Plan,
    'transposeForward' | 'reader' | 'cropToNonzero' | 'channels' | 'spacing' | 'resizeTo' | 'resampling'
  > &
    Partial<Pick<Plan, 'order'>>;
  /**
   * Folder for the temporary files; a tmpfs would be memory.
   * @default the system's folder for temporary files
   */
  readonly tmpdir?: string;
}

/**
 * Writes a scan to a temporary file while it measures it, then plays it back on the grid that the
 * plan asks for: axes brought to RAS where its reader does that, transposed, cropped to the
 * non-zero voxels, with statistics of every channel on the grid and, where a channel is normalised
 * inside it, the hole-filled non-zero mask on every slice.
 *
 * Nothing leaves this stage before the whole scan has arrived, so a corrupt end is found before
 * anything is computed. Memory is two slices of the scan or the grid, or 64 MiB of the grid where
 * the transpose moves the slice axis. A scan of 0 alone is not cropped, as in nnU-Net. Source:
 * nnunetv2 preprocessing/cropping/cropping.py, default_preprocessor.py `run_case_npy`.
 *
 * @throws SegcanaryError `io` where the folder has no room, `truncated` when the input ends before
 *   the grid does, `scan-unsuitable` for an affine that says nothing about orientation where the
 *   plan needs it, and for a spacing that would make the resampled grid absurdly large
 */
export function spool(options: SpoolOptions): Stage<Slice, Slice> {
  const { plan, tmpdir } = options;
  const resampleFirst = plan.order === 'resample-first';
  const masked = plan.channels.some(
    ({ useNonzeroMask, scheme }) => useNonzeroMask && (scheme === 'ZScoreNormalization' || resampleFirst),
  );
  let from: Grid | null = null;
  let file: TempFile | null = null;
  let mask: NonzeroMask | null = null;
  let survey: NonzeroSurvey | null = null;
  const order = new SliceOrder('spool');
  /** The slice before is written while this one arrives. */
  let writing: Promise<unknown> = Promise.resolve();

  function open(grid: Grid): void {
    refuseMoved(grid);
    from = grid;
    survey = new NonzeroSurvey(grid.shape, grid.channels);
    file = TempFile.open(tmpdir, grid.scan.case);
    if (masked) mask = new NonzeroMask(TempFile.open(tmpdir, grid.scan.case), grid.shape);
  }

  return stage<Slice, Slice>(
    { name: 'spool' },
    {
      async *transform(slice) {
        if (from === null) open(slice.grid);
        order.take(slice);
        const data = contiguous(slice.data);
        await writing;
        writing = Promise.all([file!.append(data), mask?.push(data)]);
        // Raised when the next slice comes; until then it must not count as unhandled.
        writing.catch(() => {});
        survey!.push(slice.z, data);
      },
      async *flush(signal) {
        if (from === null) return;
        order.end();
        await writing;
        const store = storeOf(file!, mask);
        const maskVoxels = await mask?.resolve();
        const bare = spooledGrid(from, plan, survey!.box);
        const statistics = await measure(bare, survey!, maskVoxels, store, signal);
        yield* playBack({ ...bare, statistics }, store, signal);
      },
      async close() {
        await Promise.all([file?.close(), mask?.close()]);
        file = null;
        mask = null;
        survey = null;
      },
    },
  );

  async function measure(
    grid: Grid,
    found: NonzeroSurvey,
    maskVoxels: number | undefined,
    store: SliceStore,
    signal: AbortSignal,
  ): Promise<ChannelStatistics[]> {
    const voxels = grid.shape[0] * grid.shape[1] * grid.shape[2];
    const resampled = plannedGrid(grid, plan);
    // What `resample` would refuse need not be measured and played back first.
    refuseHugeGrid(grid, resampled);
    const separate = resampled.separateAxis;
    // Only the clip of a separate axis in the plane needs more than the survey saw: another reading
    // of the file, for such scans alone. Where they are resampled before they are normalised,
    // voxels outside the mask are as good as any.
    const read = resampleFirst ? { ...store, masked: false } : store;
    const planes =
      separate === 1 || separate === 2 ? await measurePlanes(playBack(grid, read, signal), separate) : null;
    const all: ChannelStatistics[] = [];
    for (let c = 0; c < grid.channels; c++) {
      const channel = plan.channels[c];
      // `normalise` tells of a scan that has more channels than the plan.
      const clipped =
        channel && (!resampleFirst || resampled === grid)
          ? await clippedStatistics(() => playBack(grid, store, signal), c, channel)
          : {};
      all.push({
        ...found.over(c, voxels),
        ...(maskVoxels !== undefined && { nonzero: found.over(c, maskVoxels) }),
        ...clipped,
        ...(planes && { planes: planes[c] }),
      });
    }
    return all;
  }
}

function storeOf(file: TempFile, mask: NonzeroMask | null): SliceStore {
  return {
    masked: mask !== null,
    async read(z, data, target) {
      await file.read(data, z * data.byteLength);
      if (mask && target) await mask.paint(z, target);
    },
  };
}

function refuseMoved(grid: Grid): void {
  const moved = grid.axes.some((axis, i) => axis !== i) || grid.flipped.includes(true);
  if (!moved && grid.shape.every((n, axis) => n === grid.scan.shape[axis])) return;
  throw new SegcanaryError('usage', `the spool stage takes slices on the scan's own grid; put it right after load.`, {
    subject: grid.scan.case,
  });
}
