import { z } from 'zod';
import { SegcanaryError } from '../../errors.js';
import type { Intensity, PlanChannel, Scheme } from '../../plan.js';

const intensitySchema = z.looseObject({
  mean: z.number(),
  std: z.number().nonnegative(),
  percentile_00_5: z.number(),
  percentile_99_5: z.number(),
});
/** Intensities of the foreground by the number of the channel, as nnU-Net's files hold them. */
export const intensitiesSchema = z.record(z.string(), intensitySchema);

/**
 * One entry a channel, from lists and records as nnU-Net's files (and our plan files) hold them.
 */
export function planChannels(
  schemeNames: readonly string[],
  useMask: readonly boolean[],
  intensities: z.output<typeof intensitiesSchema>,
  channelNames: Readonly<Record<string, string>>,
  source: string,
): PlanChannel[] {
  if (useMask.length !== schemeNames.length) {
    throw new SegcanaryError(
      'plan-invalid',
      `use_mask_for_norm has ${useMask.length} entries and normalization_schemes ${schemeNames.length}; there has to be one of each a channel.`,
      { subject: source },
    );
  }
  return schemeNames.map((scheme, c) => {
    const found = intensities[String(c)];
    if (scheme === 'CTNormalization' && found === undefined) {
      throw new SegcanaryError(
        'plan-invalid',
        `field foreground_intensity_properties_per_channel.${c} is missing; CTNormalization needs its mean, std, percentile_00_5 and percentile_99_5.`,
        { subject: source },
      );
    }
    const intensity: Intensity | undefined = found && {
      mean: found.mean,
      std: found.std,
      percentile005: found.percentile_00_5,
      percentile995: found.percentile_99_5,
    };
    return {
      name: channelNames[String(c)] ?? `channel ${c}`,
      scheme: scheme as Scheme,
      useNonzeroMask: useMask[c],
      ...(intensity && { intensity }),
    };
  });
}
