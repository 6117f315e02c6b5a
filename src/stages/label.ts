import ndarray from 'ndarray';
import type { LabelSlice, LogitSlice } from '../chunks.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { argmaxLabels, regionLabels } from '../maths/volume/labels.js';
import type { SegmentationPlan } from '../plan.js';
import { type Stage, stage } from './stage.js';

export interface LabelOptions {
  readonly segmentation: Pick<SegmentationPlan, 'regionsClassOrder' | 'largestLabel' | 'averages'>;
}

/**
 * Logits, or probabilities, to labels: the class with the largest, or the plan's regions in their
 * order. 16 bits where a label needs them, as in nnU-Net.
 */
export function label(options: LabelOptions): Stage<LogitSlice, LabelSlice> {
  const { regionsClassOrder, largestLabel, averages } = options.segmentation;
  return stage<LogitSlice, LabelSlice>(
    { name: 'label' },
    {
      *transform({ grid, tiling, z, data }) {
        const [, height, width] = data.shape as [number, number, number];
        const labels = largestLabel < 255 ? new Uint8Array(height * width) : new Uint16Array(height * width);
        const logits = contiguous(data);
        if (regionsClassOrder) regionLabels(logits, regionsClassOrder, labels, averages === 'logits' ? 0 : 0.5);
        else argmaxLabels(logits, labels);
        yield { grid, tiling, z, data: ndarray(labels, [height, width]) as LabelSlice['data'] };
      },
    },
  );
}
