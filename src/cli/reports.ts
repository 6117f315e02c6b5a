import { type Calibration, describeLevel } from '../detectors/calibration.js';
import type { GaussianFacts, PatchMethod } from '../detectors/method.js';
import type { Detector, FeatureDetector } from '../detectors/saved.js';
import type { FitResult } from '../jobs/fit.js';
import type { IntensityDetectorResult } from '../jobs/fit-intensities.js';
import type { OutputDetectorResult } from '../jobs/fit-outputs.js';
import { reportQuality } from './quality-report.js';

function featuresIn({ features }: PatchMethod, pooled: readonly number[]): string {
  if (features === 'pooled') return `pooled to ${pooled.join('x')}`;
  return features === 'channel-means' ? 'channel means' : 'channel means of every stage';
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
export function reportFit({ tap, method, fit, cases }: FitResult, output: string): string {
  return lines([
    ['detector', output],
    ['method', `${method.name}: ${method.formula}`],
    ['tap', `${tap.name} [${tap.shape.join(', ')}]${tap.suggested ? '' : ' (named, not the suggested one)'}`],
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
export function reportCalibration(detector: Pick<Detector, 'dir'>, calibration: Calibration): string {
  const { boundary, min, max, cases } = calibration;
  return lines([
    ['detector', detector.dir],
    ['scans', String(cases.length)],
    ['scores', `${number(min)} to ${number(max)}`],
    ['boundary', `${number(boundary.conformal)} (conformal, level ${(100 * boundary.level).toFixed(1)} %)`],
    ['paper boundary', number(boundary.paper)],
    ['promise', describeLevel(cases.length)],
  ]);
}

/** What `inspect` prints. */
export function reportDetector(detector: Detector): string {
  const d = detector.description;
  const { configuration, patchSize, spacing, channels } = d.plan;
  const fitted = lines([
    ['detector', `${detector.dir}  ${detector.id}`],
    ['made by', d.createdBy],
    ['method', `${detector.method.name}: ${detector.method.formula}`],
    ['plan', `${configuration}, patch ${patchSize.join('x')}, spacing ${spacing.join('x')} mm`],
    ['channels', channels.map((c) => `${c.name} (${c.scheme})`).join(', ')],
    ...factsOf(detector),
    ...d.warnings.map((w) => ['warning', w.message] as const),
  ]);
  if (d.calibration === null)
    return `${fitted}\n\nNot calibrated: every verdict is “uncalibrated”; run segcanary calibrate with in-distribution scans that the fit has not seen.`;
  return `${fitted}\n\n${reportCalibration(detector, d.calibration)}${d.quality ? `\n\n${reportQuality(d.quality)}` : ''}`;
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
  const { sourceModel, stepSize, tap, cases, n, d, pooling } = detector.description;
  return [
    ['model', modelLine(sourceModel)],
    ['step', String(stepSize)],
    ['tap', `${tap.name} [${tap.shape.join(', ')}]${tap.suggested ? ', the bottleneck' : ''}`],
    ['fitted on', `${cases} scans, N = ${n} patches`],
    ['features', `d = ${d} (${featuresIn(detector.method, pooling.shape)}), ${(n / d).toFixed(1)} patches a feature`],
    ...gaussianLines(gaussianFacts(detector.description), d),
  ];
}

const modelLine = ({ name, sha256 }: { readonly name: string; readonly sha256: string }): string =>
  `${name}  sha256:${sha256.slice(0, 16)}…`;
