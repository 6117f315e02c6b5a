import type { LogitSlice } from '../chunks.js';
import type { OutputMethod } from '../detectors/outputs/output-method.js';
import { subjectScore, type VerdictOptions } from '../detectors/verdict.js';
import { SegcanaryError } from '../errors.js';
import { contiguous } from '../maths/volume/contiguous.js';
import { predictedRegion } from '../maths/volume/predicted-region.js';
import { patchCount } from '../maths/window/tiling.js';
import type { Sampler } from '../network/sampler.js';
import type { SubjectScore } from '../results.js';
import { type Stage, stage } from './stage.js';

export interface JudgeOutputsOptions extends VerdictOptions {
  readonly method: OutputMethod;
  /** What made the logits. */
  readonly sampler: Pick<Sampler, 'heads' | 'layout'>;
  /** Whether they are of regions. */
  readonly regions: boolean;
}

/**
 * Slices of logits [pass * head, y, x] to the verdict on the subject by an output method: one
 * chunk, when the input has ended. Put it behind `assemble`.
 *
 * @throws SegcanaryError `truncated` when no slice arrives, `inference-failed` for a score that is
 *   not finite
 */
export function judgeOutputs(options: JudgeOutputsOptions): Stage<LogitSlice, SubjectScore> {
  const { method, sampler, regions } = options;
  const { heads, layout } = sampler;
  const passes = layout[method.passes]!;
  const meter = method.meter({ classes: heads, regions });
  let seen: Pick<LogitSlice, 'grid' | 'tiling'> | null = null;
  return stage<LogitSlice, SubjectScore>(
    { name: 'judge-outputs' },
    {
      *transform({ grid, tiling, data }) {
        seen = { grid, tiling };
        const [, height, width] = data.shape as [number, number, number];
        const all = contiguous(data);
        const size = heads * height * width;
        const pass = (p: number) => all.subarray(p * size, (p + 1) * size);
        meter.push(passes.map(pass), predictedRegion(pass(0), heads, width, regions));
      },
      *flush() {
        if (seen === null) throw new SegcanaryError('truncated', 'The scan ended before it could be scored.');
        const { grid, tiling } = seen;
        const { case: name } = grid.scan;
        const score = meter.values().mean!;
        if (!Number.isFinite(score)) {
          throw new SegcanaryError(
            'inference-failed',
            'the network gives NaN or infinity; check the intensities of the scan.',
            { subject: name },
          );
        }
        yield subjectScore({ case: name, score, patches: patchCount(tiling), worstPatch: null }, options);
      },
    },
  );
}
