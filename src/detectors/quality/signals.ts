import { median } from '../../maths/regression/quantile.js';

/** What logits are divided by in calibration; the best is kept. From .5 to 20, evenly in log. */
export const TEMPERATURES: readonly number[] = Array.from({ length: 24 }, (_, i) => 0.5 * 40 ** (i / 23));

/** What one pass over a scan says of how well it was segmented. */
export interface ScanSignals {
  /** At which temperatures confidence and entropy were measured. */
  readonly temperatures: readonly number[];
  /** One a foreground label. */
  readonly labels: readonly LabelSignals[];
  /** The detector's score of the scan. */
  readonly score: number;
}

export interface LabelSignals {
  /** [temperature]: soft Dice confidence. */
  readonly confidence: readonly number[];
  /** [temperature]: mean entropy away from the boundary, a share of the most. */
  readonly entropy: readonly number[];
  /** mm^3 that are predicted. */
  readonly volume: number;
}

/** Where a signal usually lies: its median, and the median distance from it. */
export interface Scale {
  readonly median: number;
  readonly deviation: number;
}

/** The signals of a label, in the order of `signalsOf`. */
export const SIGNAL_NAMES = ['confidence', 'entropy', 'volume', 'score'] as const;

/**
 * The signals of a label, each turned so that more of it speaks for a better segmentation:
 *
 *   logit(.01 + .98 SDC), -entropy, -|ln(volume + 1 mm^3) - median| / deviation,
 *   -asinh((score - median) / deviation).
 *
 * asinh is x near 0 and grows as ln x far away, where a score of a foreign scan may be millions.
 * It takes scores of any sign, which a logarithm of their ratio would not. The detector's z of
 * every stage is left out: errors on families of shifts left out rose with it (docs/quality.md).
 *
 * @param at which of the temperatures
 */
export function signalsOf(
  { labels, score }: ScanSignals,
  label: number,
  at: number,
  scales: { readonly score: Scale; readonly volume: Scale },
): number[] {
  const { confidence, entropy, volume } = labels[label];
  return [
    link(confidence[at]),
    -entropy[at],
    -Math.abs(scaled(Math.log1p(volume), scales.volume)),
    -Math.asinh(scaled(score, scales.score)),
  ];
}

const scaled = (value: number, { median: middle, deviation }: Scale): number => (value - middle) / deviation;

/**
 * Where values usually lie.
 *
 * @param least the smallest deviation that is divided by: equal values must not blow others up
 */
export function scaleOf(values: readonly number[], least: number): Scale {
  const middle = median(values);
  return { median: middle, deviation: Math.max(median(values.map((value) => Math.abs(value - middle))), least) };
}

/** logit(.01 + .98 d): a Dice of 0 and of 1 have a place on the line too. */
export const link = (dice: number): number => {
  const p = 0.01 + 0.98 * dice;
  return Math.log(p / (1 - p));
};

/** The Dice at a place on the line. */
export const unlink = (eta: number): number => Math.min(Math.max((1 / (1 + Math.exp(-eta)) - 0.01) / 0.98, 0), 1);
