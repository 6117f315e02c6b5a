import type { Writable } from 'node:stream';
import { refuseEarly } from '../detectors/early.js';
import type { OpenDetector } from '../detectors/opened.js';
import { isAbort, SegcanaryError } from '../errors.js';
import type { ScanSource } from '../formats/scan-source.js';
import { type EarlyVerdict, failureOf, type ScanFailure, type SubjectScore } from '../results.js';
import type { ScanOptions } from '../scans/run.js';
import { type ScoreScanOptions, scoreScan } from '../scans/score.js';
import { keepingWarnings } from '../scans/warnings.js';
import { type ObjectsOutput, objectOutputs, withObjects, withoutExplanation } from './dicom-output.js';
import type { ScanInput } from './inputs.js';
import { openInput } from './open-input.js';
import { Outputs, outputOf } from './outputs.js';

export interface ScoreJobOptions extends Omit<ScanOptions, 'case' | 'file'> {
  /** From `openDetector`. */
  readonly detector: OpenDetector;
  readonly inputs: readonly ScanInput[];
  /** Where the mask of a case goes, if anywhere. Not with `early`. */
  readonly mask?: ((name: string) => string | Writable | undefined) | undefined;
  /** What is written, planned before. @default planned scan by scan */
  readonly outputs?: Outputs | undefined;
  /**
   * Stop each scan as soon as it is certainly out of distribution, as in `scoreScan`.
   * @default false
   */
  readonly early?: boolean | undefined;
  /** Say what explains each verdict, as in `scoreScan`. @default false */
  readonly explain?: boolean | undefined;
  /**
   * Write results as DICOM objects too; every scan then has to be a DICOM series. Not with `early`.
   * @default none
   */
  readonly objects?: ObjectsOutput | undefined;
}

/**
 * Scores scans one after another over one shared network. A scan that fails yields a failure and
 * the others go on. A mask that would overwrite one of the scans, or another mask, is such a
 * failure; where a scan fails, an older mask at its path is removed.
 *
 * @throws SegcanaryError `aborted` when the signal says so, what `Encoder.ready` is rejected with,
 *   and at once `usage` for `early` where nothing can be decided; whatever else goes wrong, a mask
 *   that cannot be written included, is a failure of its scan alone
 */
export function scoreScans(
  options: ScoreJobOptions & { readonly early?: false | undefined },
): AsyncGenerator<SubjectScore | ScanFailure>;
export function scoreScans(options: ScoreJobOptions): AsyncGenerator<SubjectScore | EarlyVerdict | ScanFailure>;
export function scoreScans(options: ScoreJobOptions): AsyncGenerator<SubjectScore | EarlyVerdict | ScanFailure> {
  if (options.early) refuseEarly(options.detector, options);
  if (options.early && options.objects)
    throw new SegcanaryError(
      'usage',
      'DICOM objects say the whole score, and `early` stops before it; leave one of them out.',
      { option: 'early' },
    );
  return scored(options);
}

async function* scored(options: ScoreJobOptions): AsyncGenerator<SubjectScore | EarlyVerdict | ScanFailure> {
  const { outputs = new Outputs(options) } = options;
  for (const input of options.inputs) {
    const told = keepingWarnings(options.onWarning);
    try {
      const mask = options.mask?.(input.case);
      await outputs.claim(input.case, [
        ...outputOf('the uncertainty mask', input.case, mask, 'mask'),
        ...(options.objects ? objectOutputs(options.objects.folder, input.case, objectsOf(options)) : []),
      ]);
      const source = await openInput(input, options.detector.description.plan, options.limits, options.signal);
      const scan = {
        ...options,
        onWarning: told.onWarning,
        case: input.case,
        file: input.file === '-' ? 'stdin' : input.file,
      };
      yield await (options.objects
        ? scoredWithObjects(source, { ...scan, mask, objects: options.objects })
        : scoreScan(source, { ...scan, mask }));
    } catch (error) {
      if (isAbort(error)) throw error as SegcanaryError;
      // A network that cannot be opened is no failure of the scan that met it first.
      if (options.detector.kind === 'features') await options.detector.encoder.ready;
      await outputs.drop(input.case);
      yield failureOf(input.case, error, told.warnings);
    }
  }
}

/** Which objects there are of a scan. */
const objectsOf = ({ detector }: Pick<ScoreJobOptions, 'detector'>) => ({
  mask: detector.kind === 'features',
  segmentation: false,
  score: true,
});

async function scoredWithObjects(
  source: ScanSource,
  options: ScoreScanOptions & { readonly case: string; readonly objects: ObjectsOutput },
): Promise<SubjectScore> {
  const { detector, objects, mask, explain } = options;
  const { plan, orientations } = detector.description;
  const has = objectsOf(options);
  const result = await withObjects(
    source,
    { ...options, ...objects, plan, orientations, has, kept: { mask } },
    (images) => scoreScan(source, { ...options, early: false, mask: images.mask, explain: true }),
  );
  return explain ? result : withoutExplanation(result);
}
