import type { ChannelBytes, ScanBytes, Slice } from '../chunks.js';
import { sha256 } from '../files/hash.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { Fingerprint } from '../maths/volume/fingerprint.js';
import { LabelSurvey } from '../maths/volume/label-survey.js';
import { chain } from '../stages/chain.js';
import type { Collector } from '../stages/collectors.js';
import { endedEarly, runScan, type ScanOptions } from './run.js';

/** What a scan's voxels say of it, before any network sees them. */
export interface ScanIdentity {
  /**
   * sha256 over voxels and voxel size: the same however the scan is packed, in whatever data type
   * its values are, and with or without a margin of its least value. A scan that was turned,
   * mirrored, resampled or rounded is another.
   */
  readonly voxels: string;
  /** Whether every channel looks like a segmentation. */
  readonly isSegmentation: boolean;
}

/**
 * Reads a scan once, without a network, a temporary file or more than a slice of memory.
 *
 * @throws SegcanaryError whatever is wrong with the scan, `aborted` when the signal says so
 */
export async function identifyScan(
  source: ScanBytes | readonly ChannelBytes[],
  options: ScanOptions,
): Promise<ScanIdentity> {
  const found = await runScan(source, options, chain<Slice>(), identity());
  if (found === null) throw endedEarly(options, 'it could be identified');
  return found;
}

interface State {
  readonly print: Fingerprint;
  readonly surveys: readonly LabelSurvey[];
  readonly spacing: readonly number[];
}

const identity = (): Collector<Slice, ScanIdentity | null, State | null> => ({
  init: () => null,
  add: (before, { grid, z, data }) => {
    const { shape, spacing, channels } = grid;
    const state = before ?? {
      print: new Fingerprint(shape, channels),
      surveys: Array.from({ length: channels }, () => new LabelSurvey()),
      spacing,
    };
    const values = contiguous(data);
    state.print.push(z, values);
    const plane = shape[1] * shape[2];
    for (const [c, survey] of state.surveys.entries())
      survey.push(values.subarray(c * plane, (c + 1) * plane), shape[2]);
    return state;
  },
  finish: (state) => state && { voxels: nameOf(state), isSegmentation: state.surveys.every((s) => s.isSegmentation) },
});

/**
 * Headers keep voxel sizes as float32 or float64: a ten-thousandth of a millimetre is the same in
 * both.
 */
const nameOf = ({ print, spacing }: State): string =>
  sha256(JSON.stringify({ version: 1, spacing: spacing.map((mm) => Math.round(1e4 * mm)), ...print.sums }));
