import { z } from 'zod';
import { SegcanaryError } from '../errors.js';
import { parseWith } from './json-sentence.js';
import { readResampling } from './nnunet-plans.js';
import type { Plan } from './plan.js';
import { inheritConfiguration } from './plan-inheritance.js';

/** How logits become labels: what a segmentation needs of nnU-Net's files beyond what preparing a scan needs. */
export interface SegmentationPlan {
  /** Names and values of dataset.json's labels, regions with all their values. */
  readonly labels: Readonly<Record<string, number | readonly number[]>>;
  /** Outputs of the network: classes, or regions. */
  readonly heads: number;
  /** Label that each region's output writes, in the order of the outputs; null where the outputs are classes. */
  readonly regionsClassOrder: readonly number[] | null;
  readonly largestLabel: number;
  /** How logits are resampled to the scan's grid. */
  readonly resampling: Plan['resampling'];
}

const value = z.int().nonnegative();
const datasetSchema = z.looseObject({
  labels: z.record(z.string(), z.union([value, z.array(value).min(1)])),
  regions_class_order: z.array(value).optional(),
});

/**
 * Reads labels from dataset.json and the resampling of logits from plans.json.
 *
 * Source: nnunetv2 utilities/label_handling/label_handling.py (LabelManager), utilities/plans_handling/plans_handler.py.
 *
 * @throws SegcanaryError `plan-invalid`, `plan-unsupported`
 */
export function readSegmentationPlan(
  plansJson: { readonly configurations?: unknown },
  datasetJson: unknown,
  configuration: string,
  source: string,
): SegmentationPlan {
  const dataset = `dataset.json beside ${source}`;
  if (datasetJson === undefined)
    throw new SegcanaryError(
      'plan-invalid',
      `${source}: no dataset.json lies beside it, and a segmentation takes its labels from there; copy nnU-Net's.`,
    );
  const { labels, regions_class_order: order } = parseWith(datasetJson, datasetSchema, dataset, 'plan-invalid');
  if (plansJson.configurations === undefined)
    throw new SegcanaryError(
      'plan-unsupported',
      `${source}: is a plan file, which says how scans are prepared and not how logits become labels; segmenting needs nnU-Net's plans.json.`,
    );
  const configurations = plansJson.configurations as Record<string, Record<string, unknown>>;
  const raw = inheritConfiguration(configurations, configuration, source);
  const resampler = raw.resampling_fn_probabilities ?? 'resample_data_or_seg_to_shape';
  if (resampler !== 'resample_data_or_seg_to_shape') {
    throw new SegcanaryError(
      'plan-unsupported',
      `${source}: configuration "${configuration}" resamples its output with "${String(resampler)}"; segcanary reproduces resample_data_or_seg_to_shape only.`,
    );
  }
  const kwargs = (raw.resampling_fn_probabilities_kwargs ?? {}) as Record<string, unknown>;
  const trained = Object.entries(labels).filter(([name]) => name !== 'ignore');
  const values = [...new Set(trained.flatMap(([, v]) => v))].sort((a, b) => a - b);
  const regions = trained.filter(([, v]) => !(Array.isArray(v) ? v.every((x) => x === 0) : v === 0));
  const hasRegions = trained.some(([, v]) => Array.isArray(v) && v.length > 1);
  if (hasRegions && order?.length !== regions.length) {
    throw new SegcanaryError(
      'plan-invalid',
      `${dataset}: there are ${regions.length} regions and regions_class_order has ${order?.length ?? 0} entries; it needs one a region.`,
    );
  }
  if (!hasRegions && values.some((v, i) => v !== i)) {
    throw new SegcanaryError(
      'plan-invalid',
      `${dataset}: its labels are ${values.join(', ')}; nnU-Net's are consecutive from 0.`,
    );
  }
  return {
    labels: Object.fromEntries(trained),
    heads: hasRegions ? regions.length : values.length,
    regionsClassOrder: hasRegions ? (order as number[]) : null,
    largestLabel: Math.max(...values, ...(hasRegions ? (order as number[]) : [])),
    resampling: readResampling({ order: 1, order_z: 0, ...kwargs }, source, 'resampling_fn_probabilities_kwargs'),
  };
}
