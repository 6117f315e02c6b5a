import { levelOf, unitsOf } from '../detectors/quality/bound.js';
import type { QualityModel } from '../detectors/quality/model.js';
import { clopperPearsonInterval } from '../evaluate/proportions.js';

const three = (x: number): string => x.toFixed(3);
const percent = (x: number): string => `${Number((100 * x).toFixed(1))} %`;

/** What `calibrate --labels` and `inspect` print of the quality model. */
export function reportQuality(quality: QualityModel): string {
  const { labels, cases, passes, model, crossValidation, mirrorAxes, networks } = quality;
  const { unshifted, families } = crossValidation;
  const [{ curve }] = model.labels;
  const rows: [string, string][] = [
    ['quality', `Dice of ${labels.join(', ')}, learned from ${cases} labelled scans in ${passes} passes`],
    [
      'segmented by',
      `${networks.length === 1 ? '1 network' : `${networks.length} networks`}${mirrorAxes.length > 0 ? `, mirrored along axes ${mirrorAxes.join(', ')}` : ''}`,
    ],
    ['temperature', String(Number(model.temperature.toPrecision(3)))],
    ['kept', curve.kind === 'additive' ? 'the additive model' : 'the baseline: isotonic on soft Dice confidence'],
    [
      'error',
      `${three(unshifted.additive)} (isotonic ${three(unshifted.isotonic)}): mean |expected - true Dice|, patients left out in turn`,
    ],
    ...families.map(({ name, n, additive, isotonic }): [string, string] => [
      `  ${name}`,
      `${three(additive)} (isotonic ${three(isotonic)}), ${n} copies, this family left out too`,
    ]),
    ['bound', boundLine(quality)],
    ...coverageLine(quality),
    ['stress bound', stressLine(quality)],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

function boundLine({ bound, cases }: QualityModel): string {
  if (bound === null) return `none: ${cases} scans are too few for one`;
  const level = percent(levelOf(bound));
  return bound.kind === 'split'
    ? `split conformal on ${unitsOf(bound)} scans set aside: without a shift it holds for at least ${level} of scans`
    : `jackknife+ on ${cases} scans: without a shift it holds for at least ${level} of scans, mostly near ${percent(1 - bound.alpha)}; 38 scans give a split that promises that`;
}

function coverageLine({ crossValidation: { coverage } }: QualityModel): [string, string][] {
  if (coverage === null || coverage.n === 0) return [];
  const { covered, n } = coverage;
  const interval = clopperPearsonInterval(covered, n);
  const range = interval ? ` (95 % interval ${percent(interval.low)} to ${percent(interval.high)})` : '';
  return [['coverage', `${covered} of ${n} scans left out have the Dice of their bound${range}`]];
}

function stressLine({ stress }: QualityModel): string {
  if (stress === null) return 'none: there are no simulated shifts for this plan';
  const { bound, families } = stress;
  return `over ${families.length} families of shifts, for segment --stress: holds for ${percent(levelOf(bound))} of scans or more if a shift is like these`;
}
