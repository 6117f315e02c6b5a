import type { MaskSlice, PatchDistance } from '../chunks.js';
import { SegcanaryError } from '../errors.js';
import { MaskAggregator } from '../maths/window/mask-aggregator.js';
import { type Stage, stage } from './stage.js';

/**
 * Patch distances to slices of the uncertainty mask on the scanner's own grid, each as soon as the
 * last patch that touches it is scored.
 *
 * Every distance is spread over its patch under nnU-Net's Gaussian and divided by the summed
 * weights, so that a constant distance gives just that constant inside the crop box. No voxel is
 * touched until a slice is rendered.
 *
 * @throws SegcanaryError `truncated` when the input ends before every patch has come
 */
export function aggregate(): Stage<PatchDistance, MaskSlice> {
  let aggregator: MaskAggregator | null = null;
  let name = '';
  return stage<PatchDistance, MaskSlice>(
    { name: 'aggregate' },
    {
      *transform(patch) {
        aggregator ??= new MaskAggregator(patch.grid, patch.tiling);
        name = patch.grid.scan.case;
        yield* aggregator.push(patch);
      },
      *flush() {
        if (aggregator && aggregator.remaining > 0) {
          throw new SegcanaryError(
            'truncated',
            `the distances ended before ${aggregator.remaining} slices of the mask were covered.`,
            { subject: name },
          );
        }
      },
    },
  );
}
