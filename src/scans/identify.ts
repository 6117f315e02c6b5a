import type { Grid, Slice, Triple } from '../chunks.js';
import { sha256 } from '../files/hash.js';
import type { ScanSource } from '../formats/scan-source.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { Fingerprint } from '../maths/volume/fingerprint.js';
import { LabelSurvey } from '../maths/volume/label-survey.js';
import { type AxisMap, rasAxes } from '../maths/volume/orientation.js';
import { chain } from '../stages/chain.js';
import type { Collector } from '../stages/collectors.js';
import { endedEarly, runScan, type ScanOptions } from './run.js';

/** What a scan's voxels say of it, before any network sees them. */
export interface ScanIdentity {
  /**
   * sha256 over voxels and voxel size: the same however the scan is packed, in whatever data type
   * its values are, and with or without a margin of its least value.
   */
  readonly voxels: string;
  /**
   * The same over the voxels as they lie in the world, brought to RAS by the affine: a scan that
   * was turned or mirrored with its affine is the same one. `voxels` itself where the file does not
   * say how its voxels lie. A scan that was resampled or rounded is another by both.
   */
  readonly oriented: string;
  /** Whether every channel looks like a segmentation. */
  readonly isSegmentation: boolean;
}

/**
 * Reads a scan once, without a network, a temporary file or more than a slice of memory.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `aborted` when the signal says so
 */
export async function identifyScan(source: ScanSource, options: ScanOptions): Promise<ScanIdentity> {
  const found = await runScan(source, options, chain<Slice>(), identity());
  if (found === null) throw endedEarly(options, 'it could be identified');
  return found;
}

interface State {
  readonly stored: Print;
  /** Null where it is the one as stored. */
  readonly oriented: Print | null;
  readonly surveys: readonly LabelSurvey[];
}

/** Voxels, and their size along the axes that they are counted along. */
interface Print {
  readonly voxels: Fingerprint;
  readonly spacing: Triple;
}

const identity = (): Collector<Slice, ScanIdentity | null, State | null> => ({
  init: () => null,
  add: (before, { grid, z, data }) => {
    const { shape, channels } = grid;
    const state = before ?? {
      ...printsOf(grid),
      surveys: Array.from({ length: channels }, () => new LabelSurvey()),
    };
    const values = contiguous(data);
    state.stored.voxels.push(z, values);
    state.oriented?.voxels.push(z, values);
    const plane = shape[1] * shape[2];
    for (const [c, survey] of state.surveys.entries())
      survey.push(values.subarray(c * plane, (c + 1) * plane), shape[2]);
    return state;
  },
  finish: (state) =>
    state && {
      voxels: nameOf(state.stored),
      oriented: nameOf(state.oriented ?? state.stored),
      isSegmentation: state.surveys.every((s) => s.isSegmentation),
    },
});

function printsOf({ shape, spacing, channels, scan }: Grid): Pick<State, 'stored' | 'oriented'> {
  const stored = { voxels: new Fingerprint(shape, channels), spacing };
  const ras = scan.placed ? rasAxes(scan.affine) : null;
  if (ras === null || isAsStored(ras)) return { stored, oriented: null };
  const [z, y, x] = ras.axes;
  return {
    stored,
    oriented: { voxels: new Fingerprint(shape, channels, ras), spacing: [spacing[z], spacing[y], spacing[x]] },
  };
}

const isAsStored = ({ axes, flipped }: AxisMap): boolean =>
  axes.every((axis, i) => axis === i) && !flipped.some(Boolean);

/**
 * Headers keep voxel sizes as float32 or float64: a ten-thousandth of a millimetre is the same in
 * both, once both are float32.
 */
const nameOf = ({ voxels, spacing }: Print): string =>
  sha256(
    JSON.stringify({ version: 1, spacing: spacing.map((mm) => Math.round(1e4 * Math.fround(mm))), ...voxels.sums }),
  );
