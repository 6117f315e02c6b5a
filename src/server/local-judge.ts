import type { ScanLimits } from '../limits.js';
import type { SubjectScore } from '../results.js';
import type { ScanOptions } from '../scans/run.js';
import { scoreScan } from '../scans/score.js';
import { segmentScan } from '../scans/segment.js';
import type { Judge, Judged } from './judge.js';
import type { ServedDetector } from './served.js';

/** Judges scans with the networks that this process has open. */
export function localJudge({
  limits,
  tmpdir,
}: {
  readonly limits: ScanLimits;
  readonly tmpdir?: string | undefined;
}): Judge {
  return {
    async judge({ served, case: name, volume, segment }, open, { mask, segmentation, signal, onProgress }) {
      const source = await open();
      const options: ScanOptions & { readonly explain: true } = {
        case: name,
        file: name,
        limits,
        tmpdir,
        volume,
        signal,
        explain: true,
        onProgress: ({ patches, total }) => onProgress({ patches, total }),
      };
      const { detector, segmenting } = served;
      if (!segment || !segmenting)
        return withoutExplanation(await scoreScan(source, { ...options, mask: mask?.(), detector }));
      const { model, segmenter } = segmenting;
      const result = await segmentScan(source, {
        ...options,
        mask: mask?.(),
        plan: model.plan,
        segmentation: model.segmentation,
        stepSize: stepSizeOf(served),
        segmenter,
        detector,
        to: segmentation,
      });
      if (result.score === null) return { result, explanation: null };
      const { result: score, explanation } = withoutExplanation(result.score);
      return { result: { ...result, score }, explanation };
    },
  };
}

/** Answers hold the explanation where a client asks for it, records always. */
function withoutExplanation(score: SubjectScore): Judged & { readonly result: SubjectScore } {
  const { explanation = null, ...result } = score;
  return { result, explanation };
}

/** The distance between patches that a detector was fitted with. */
const stepSizeOf = ({ detector }: ServedDetector): number =>
  detector.kind === 'intensities' ? 0.5 : detector.description.stepSize;
