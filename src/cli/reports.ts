import type { Calibration } from '../detectors/calibration.js';
import { FEATURE_WORDS, type GaussianFacts, type PatchMethod } from '../detectors/method.js';
import { describeLevel, describeSite, warningsOfCalibration } from '../detectors/promise.js';
import type { Detector, FeatureDetector } from '../detectors/saved.js';
import type { FitResult } from '../jobs/fit.js';
import type { IntensityDetectorResult } from '../jobs/fit-intensities.js';
import type { OutputDetectorResult } from '../jobs/fit-outputs.js';
import type { Warning } from '../results.js';
import { reportQuality } from './quality-report.js';

/** What is judged of a patch, in a few words. */
function featuresIn({ features }: PatchMethod, pooled: readonly number[]): string {
  return features === 'pooled' ? `pooled to ${pooled.join('x')}` : FEATURE_WORDS[features];
}

/** Where a detector on features looks: its tap, or the tensors that it measures. */
function placesOf(
  { name, shape, suggested }: { readonly name: string; readonly shape: readonly number[]; readonly suggested: boolean },
  measured: readonly { readonly channels: number }[] | null,
): [string, string] {
  return measured
    ? ['measured', `${measured.length} tensors of ${measured.map(({ channels }) => channels).join(', ')} channels`]
    : ['tap', `${name} [${shape.join(', ')}]${suggested ? ', the bottleneck' : ''}`];
}

function gaussianFacts({
  estimator,
  shrinkage,
  rank,
  conditionNumber,
}: FeatureDetector['description']): GaussianFacts | null {
  return estimator === null || rank === null || conditionNumber === null
    ? null
    : { estimator, shrinkage, rank, conditionNumber };
}

const lines = (pairs: readonly (readonly [string, string])[]): string => {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
};

const number = (x: number): string =>
  Math.abs(x) >= 1e5 || (x !== 0 && Math.abs(x) < 1e-3) ? x.toExponential(3) : Number(x.toPrecision(6)).toString();

/** What `fit` prints. */
export function reportFit({ tap, measured, method, fit, cases }: FitResult, output: string): string {
  return lines([
    ['detector', output],
    ['method', `${method.name}: ${method.formula}`],
    placesOf(tap, measured),
    ['scans', String(cases)],
    ['patches N', String(fit.n)],
    ['features d', `${fit.d} (${featuresIn(method, tap.pooledShape)})`],
    ...gaussianLines(fit.gaussian, fit.d),
    next(output),
  ]);
}

/** What `fit` prints of a detector on intensities. */
export function reportIntensityFit({ method, fit, cases }: IntensityDetectorResult, output: string): string {
  return lines([
    ['detector', output],
    ['method', `${method.name}: ${method.formula}`],
    ['scans', String(cases)],
    ['bins', String(fit.d)],
    next(output),
  ]);
}

/** What `fit` prints of a detector on outputs. */
export function reportOutputDetector({ method, passes, networks }: OutputDetectorResult, output: string): string {
  return lines([
    ['detector', output],
    ['method', `${method.name}: ${method.formula}`],
    ['networks', networks.join(', ')],
    ['passes a scan', String(passes)],
    next(output),
  ]);
}

const next = (output: string): [string, string] => ['next', `segcanary calibrate -d ${output} -i HELD_OUT_SCANS`];

function gaussianLines(facts: GaussianFacts | null, d: number): [string, string][] {
  if (facts === null) return [];
  const { rank, conditionNumber, estimator, shrinkage } = facts;
  return [
    ['rank', `${rank} of ${d}`],
    ['condition number', number(conditionNumber)],
    ['estimator', estimator + (shrinkage === null ? '' : `, shrinkage ${number(shrinkage)}`)],
  ];
}

/** What `calibrate` prints. */
export function reportCalibration(
  detector: Pick<Detector, 'dir'>,
  calibration: Calibration,
  warnings: readonly Warning[] = [],
): string {
  const { boundary, min, max, cases } = calibration;
  return lines([
    ['detector', detector.dir],
    ['scans', String(cases.length)],
    ['scores', `${number(min)} to ${number(max)}`],
    ['boundary', `${number(boundary.conformal)} (conformal, level ${(100 * boundary.level).toFixed(1)} %)`],
    ['paper boundary', number(boundary.paper)],
    ['largest', largest(cases)],
    ['promise', describeLevel(cases.length, calibration.level)],
    ['here', describeSite(calibration)],
    ...warnings.map(({ message }) => ['warning', message] as const),
  ]);
}

/** The three largest scores, which the boundary is drawn from or lies among. */
const largest = (cases: Calibration['cases']): string =>
  cases
    .slice(-3)
    .reverse()
    .map(({ case: name, score }) => `${name} ${number(score)}`)
    .join(', ');

/** What `inspect` prints. */
export function reportDetector(detector: Detector): string {
  const d = detector.description;
  const { configuration, patchSize, spacing, resizeTo, channels } = d.plan;
  const grid = spacing ? `spacing ${spacing.join('x')} mm` : `every scan resized to ${resizeTo?.join('x')}`;
  const fitted = lines([
    ['detector', `${detector.dir}  ${detector.id}`],
    ['made by', d.createdBy],
    ...(d.descriptionSha256
      ? []
      : [
          [
            'unsealed',
            'detector.json has no hash of itself, as those of earlier versions; calibrate writes one',
          ] as const,
        ]),
    ['method', `${detector.method.name}: ${detector.method.formula}`],
    ['plan', `${configuration}, patch ${patchSize.join('x')}, ${grid}`],
    ['channels', channels.map((c) => `${c.name} (${c.scheme})`).join(', ')],
    ...factsOf(detector),
    ...d.warnings.map((w) => ['warning', w.message] as const),
  ]);
  if (d.calibration === null)
    return `${fitted}\n\nNot calibrated: every verdict is “uncalibrated”; run segcanary calibrate with in-distribution scans that the fit has not seen.`;
  return `${fitted}\n\n${reportCalibration(detector, d.calibration, warningsOfCalibration(d.calibration))}${d.quality ? `\n\n${reportQuality(d.quality)}` : ''}`;
}

/** What detectors of one kind have. */
function factsOf(detector: Detector): (readonly [string, string])[] {
  if (detector.kind === 'intensities') {
    const { cases, d } = detector.description;
    return [['fitted on', `${cases} scans, ${d} bins`]];
  }
  if (detector.kind === 'outputs') {
    const { sourceModels, stepSize, mirrorAxes, dropout, seed } = detector.description;
    return [
      ...sourceModels.map((model) => ['network', modelLine(model)] as const),
      ['step', String(stepSize)],
      ...(mirrorAxes.length > 0 ? [['mirrored', `axes ${mirrorAxes.join(', ')}`] as const] : []),
      ...(dropout > 0 ? [['dropout', `${dropout} passes, seed ${seed}`] as const] : []),
    ];
  }
  const { sourceModel, stepSize, tiles, tap, stages, cases, n, d, pooling } = detector.description;
  return [
    ['model', modelLine(sourceModel)],
    ['step', tiles === 'cover' ? `${stepSize}, as few patches as leave no voxel out` : String(stepSize)],
    placesOf(tap, stages),
    ['fitted on', `${cases} scans, N = ${n} patches`],
    ['features', `d = ${d} (${featuresIn(detector.method, pooling.shape)}), ${(n / d).toFixed(1)} patches a feature`],
    ...gaussianLines(gaussianFacts(detector.description), d),
  ];
}

const modelLine = ({ name, sha256 }: { readonly name: string; readonly sha256: string }): string =>
  `${name}  sha256:${sha256.slice(0, 16)}…`;
