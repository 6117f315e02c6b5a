import { z } from 'zod';
import { parseWith } from '../../files/json.js';
import type { Resampling } from '../../plan.js';

const kwargsSchema = z.strictObject({
  is_seg: z.literal(false).default(false),
  order: z.union([z.literal(0), z.literal(1), z.literal(3)]).default(3),
  order_z: z.union([z.literal(0), z.literal(1)]).default(0),
  // False is the default of resample_data_or_seg_to_shape; plans always state null, which decides
  // by anisotropy.
  force_separate_z: z.boolean().nullable().default(false),
  separate_z_anisotropy_threshold: z.literal(3).default(3),
});

/**
 * How a grid is resampled, from the arguments that nnU-Net gives resample_data_or_seg_to_shape.
 *
 * @param field of the file, for messages
 * @throws SegcanaryError `plan-unsupported` for an argument that segcanary does not reproduce
 */
export function readResampling(
  kwargs: Readonly<Record<string, unknown>>,
  source: string,
  field = 'resampling_fn_data_kwargs',
): Resampling {
  const known = parseWith(kwargs, kwargsSchema, `${source}, ${field}`, 'plan-unsupported');
  return { order: known.order, orderZ: known.order_z, forceSeparateZ: known.force_separate_z };
}
