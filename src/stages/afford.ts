import { totalmem } from 'node:os';
import type { Grid, Slice } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { DEFAULT_LIMITS, limitsOf, type ScanLimits } from '../limits.js';
import { plannedGrid } from '../maths/resample/planned-grid.js';
import { refuseHugeGrid, refuseHugeWindow } from '../maths/volume/grid-limits.js';
import { type Needs, type NetworkWindow, needsOf } from '../maths/volume/needs.js';
import type { Plan } from '../plan.js';
import { spooledGrid } from './spool/spooled-grid.js';
import { type Stage, stage } from './stage.js';

export interface AffordOptions {
  readonly plan: Pick<Plan, 'spacing' | 'resizeTo' | 'resampling' | 'reader' | 'transposeForward' | 'cropToNonzero'>;
  /** How the network is slid over the scan; absent where none is. */
  readonly window?: NetworkWindow | undefined;
  /**
   * The slices are the file's, and a crop to the non-zero voxels is still to come, which nobody
   * knows yet: the scan is refused where even an eighth of what its header asks for is too much.
   * @default false
   */
  readonly ahead?: boolean | undefined;
  /** What is looked at are `patches` and `memory`. @default DEFAULT_LIMITS */
  readonly limits?: Partial<ScanLimits> | undefined;
}

/** A crop leaves half of a scan along each axis, hardly ever less. */
const CROP = 8;

/**
 * Lets slices pass, and refuses a scan at its first one where plan and header ask for more patches
 * or memory than is allowed. Put it before `spool` (with `ahead`), where nothing but the header is
 * known, and behind it, where the crop is.
 *
 * @throws SegcanaryError `limit-exceeded` at the first slice; `scan-unsuitable` as `spool` and
 *   `patch` do
 */
export function afford(options: AffordOptions): Stage<Slice, Slice> {
  const { plan, window, ahead = false } = options;
  const limits = limitsOf(options.limits);
  const allowed = {
    patches: limits.patches,
    // Whoever names another limit knows what the machine has.
    memory: limits.memory === DEFAULT_LIMITS.memory ? Math.min(limits.memory, machineMemory()) : limits.memory,
  };
  const slack = ahead && plan.cropToNonzero ? CROP : 1;
  let known = false;
  return stage<Slice, Slice>(
    { name: 'afford' },
    {
      *transform(slice) {
        if (!known) {
          known = true;
          const { grid } = slice;
          const from = ahead ? spooledGrid(grid, plan, { start: [0, 0, 0], stop: grid.shape }) : grid;
          const to = plannedGrid(from, plan);
          if (window) refuseHugeWindow(to, window.patchSize, window.stepSize ?? 0.5);
          const needs = needsOf(from, to, plan.resampling, window);
          for (const limit of ['patches', 'memory'] as const) {
            if (needs[limit] <= slack * allowed[limit]) continue;
            // What no scan has is told as that.
            refuseHugeGrid(from, to);
            throw beyond(limit, needs, allowed[limit], from, to);
          }
        }
        yield slice;
      },
    },
  );
}

function beyond(limit: 'patches' | 'memory', needs: Needs, allowed: number, from: Grid, to: Grid): SegcanaryError {
  const found = { patches: `${needs.patches} patches`, memory: `${gigabytes(needs.memory)} of memory` }[limit];
  const most = { patches: String(allowed), memory: gigabytes(allowed) }[limit];
  const resampled = from === to ? '' : `, resampled to ${size(to.shape)},`;
  return new SegcanaryError(
    'limit-exceeded',
    `its ${size(from.shape)} voxels of ${size(from.spacing)} mm${resampled} take ${found}, and ${most} are allowed; check the voxel size in its header, and if it is right, raise the limit (\`limits.${limit}\`).`,
    { subject: from.scan.case, option: `limits.${limit}` },
  );
}

/** Bytes that this process can have: the machine's, or its container's. */
function machineMemory(): number {
  const container = process.constrainedMemory?.() ?? 0;
  return container > 0 ? Math.min(container, totalmem()) : totalmem();
}

const size = (values: readonly number[]): string => values.map((n) => Number(n.toPrecision(4))).join(' x ');
const gigabytes = (bytes: number): string =>
  bytes < 1e9 ? `${(bytes / 1e6).toPrecision(3)} MB` : `${(bytes / 1e9).toPrecision(3)} GB`;
