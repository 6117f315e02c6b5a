import { SegcanaryError } from '../../errors.js';
import { parseWith } from '../../files/json.js';
import type { Plan, PlanChannel, Resampling } from '../../plan.js';
import { planChannels } from './channels.js';
import { type PlanFile, planFileSchema } from './plan-file-schema.js';
import type { PlanReader, PlanSource } from './reader.js';

/**
 * segcanary's plan file for a model that is not nnU-Net's: nnU-Net's names for the fields, all on
 * the top level. docs/plan-file.md.
 */
export const planFile: PlanReader = {
  matches: (json) => 'patch_size' in json,
  read: readPlan,
  output: { averages: 'logits', resampling: outputResampling, countedLabels: labels },
};

function readPlan(json: object, { source }: PlanSource): Plan {
  const file = parseWith(json, planFileSchema, source, 'plan-invalid');
  const { resize_to } = file;
  return {
    configuration: file.name,
    patchSize: file.patch_size,
    spacing: file.spacing ?? null,
    ...(resize_to && { resizeTo: resize_to }),
    transposeForward: file.transpose_forward as Plan['transposeForward'],
    order: file.order,
    reader: file.orientation,
    ...(file.image_reader_writer && { imageReader: file.image_reader_writer }),
    cropToNonzero: file.crop_to_nonzero,
    channels: channelsOf(file, source),
    resampling: resamplingOf(file),
  };
}

function channelsOf(file: PlanFile, source: string): PlanChannel[] {
  const { normalization_schemes: schemes, clip_percentiles: clips, rescale_after_norm: rescales } = file;
  const masks = file.use_mask_for_norm ?? schemes.map(() => false);
  const intensities = file.foreground_intensity_properties_per_channel;
  return planChannels(schemes, masks, intensities, file.channel_names, source).map((channel, c) => {
    const [clip, rescale] = [clips?.[c], rescales?.[c]];
    return { ...channel, ...(clip && { clipPercentiles: clip }), ...(rescale && { rescale }) };
  });
}

/** One shape of all scans is resized to on all axes alike; else nnU-Net's defaults. */
function resamplingOf({ resize_to, resampling }: PlanFile): Resampling {
  if (resize_to) return { order: resampling.order ?? 1, orderZ: 0, forceSeparateZ: false };
  const { order = 3, order_z = 0, force_separate_z = null } = resampling;
  return { order, orderZ: order_z, forceSeparateZ: force_separate_z };
}

/** Logits go back linearly, as nnU-Net's do. */
function outputResampling(json: object, { source }: PlanSource): Resampling {
  const { resize_to } = parseWith(json, planFileSchema, source, 'plan-invalid');
  return { order: 1, orderZ: 0, forceSeparateZ: resize_to ? false : null };
}

function labels(json: object, source: string): Record<string, number> {
  const file = parseWith(json, planFileSchema, source, 'plan-invalid');
  if (file.labels) return file.labels;
  throw new SegcanaryError(
    'plan-invalid',
    `says how scans are prepared and not how logits become labels; give it "labels" (docs/plan-file.md), or lay a dataset.json beside it.`,
    { subject: source },
  );
}
