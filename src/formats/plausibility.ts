import type { Scan } from '../chunks.js';
import { axisCodes } from '../maths/volume/axis-codes.js';
import type { Plan } from '../plan.js';
import type { Warning } from '../results.js';

/** The extremes of a channel as stored, after slope and intercept. */
export interface ChannelRange {
  readonly min: number;
  readonly max: number;
}

export interface Expectations {
  readonly plan: Pick<Plan, 'channels' | 'spacing' | 'transposeForward' | 'reader'>;
  /**
   * Axis codes of the training scans; what a detector recorded.
   * @default unknown, nothing is said
   */
  readonly orientations?: readonly string[] | undefined;
}

/** Voxels of a human scanner, mm: a micro-CT has less, and more is a unit gone wrong. */
const SPACING = { min: 0.05, max: 20 };
/**
 * Times the plan's spacing, either way, beyond which a scan has little to do with those that the
 * plan was made from.
 */
const FACTOR = 8;

/**
 * What is well-formed and still probably wrong in a header: it can be told before the first voxel
 * is worked on. nnU-Net takes all of it in silence, and what is wrong with voxels too.
 */
export const warningsOfHeader = (scan: Scan, expected: Expectations): Warning[] => [
  ...spacing(scan, expected),
  ...geometry(scan),
  ...orientation(scan, expected),
];

/** The same of the voxels, when all of them have been seen. */
export function warningsOfVoxels(ranges: readonly ChannelRange[], { plan }: Expectations): Warning[] {
  return ranges.flatMap(({ min, max }, c) => {
    const channel = plan.channels[c];
    const name = channel?.name ?? String(c);
    if (min === max)
      return [
        { code: 'constant-channel', message: `Every voxel of channel ${name} is ${min}: there is nothing in it.` },
      ];
    if (channel?.scheme === 'CTNormalization' && min >= 0)
      return [
        {
          code: 'not-hounsfield',
          message: `Channel ${name} has values from ${min} to ${max} and none below 0, and a CT has air at -1000: its rescale slope and intercept were probably not applied.`,
        },
      ];
    return [];
  });
}

function spacing({ spacing: found }: Scan, { plan }: Expectations): Warning[] {
  const of = [...found].reverse().join(' x ');
  if (found.some((mm) => mm < SPACING.min || mm > SPACING.max))
    return [{ code: 'implausible-spacing', message: `Its voxels are ${of} mm, which no scanner gives.` }];
  if (plan.spacing === null) return [];
  const target = plan.spacing;
  // The plan's axes are transposed; the reader's own order is close enough for a factor of eight.
  const factors = plan.transposeForward.map((axis, i) => found[axis] / target[i]);
  if (factors.every((f) => f <= FACTOR && f >= 1 / FACTOR)) return [];
  const wanted = [...target].reverse().join(' x ');
  return [
    {
      code: 'implausible-spacing',
      message: `Its voxels are ${of} mm and the model's ${wanted} mm: most of what the network sees would be interpolated or lost.`,
    },
  ];
}

/** Converters that lose the header write ones. */
function geometry({ spacing: found, placed }: Scan): Warning[] {
  if (placed || !found.every((mm) => mm === 1)) return [];
  const message =
    'Its header says nothing of where its voxels lie (1 x 1 x 1, no qform, no sform): it was probably lost.';
  return [{ code: 'no-geometry', message }];
}

function orientation({ affine }: Scan, { plan, orientations }: Expectations): Warning[] {
  // A reader that turns scans takes any.
  if (!orientations?.length || plan.reader !== 'as-stored') return [];
  const found = axisCodes(affine);
  if (found !== null && orientations.includes(found)) return [];
  const message = `Its axes run ${found ?? 'nowhere (the affine is singular)'} and those of the training scans ${orientations.join(' or ')}: the network sees it turned or mirrored.`;
  return [{ code: 'orientation', message }];
}
