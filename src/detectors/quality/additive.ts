import { nonNegativeLeastSquares } from '../../maths/regression/nnls.js';
import { weightedQuantile } from '../../maths/regression/quantile.js';

/** A pass over a scan, as the fit of one label sees it. */
export interface FitRow {
  readonly patient: number;
  /** Name of its shift; null for the scan as it is. */
  readonly family: string | null;
  readonly weight: number;
  /** Signals that can only speak for a better segmentation. */
  readonly x: readonly number[];
  /** The Dice on the line of `link`. */
  readonly y: number;
}

/** slope * max(0, x - knot) above the knot, slope * min(0, x - knot) below it. */
export interface Hinge {
  /** Which signal. */
  readonly signal: number;
  readonly knot: number;
  readonly side: 'above' | 'below';
  /** Above 0. */
  readonly slope: number;
}

/** intercept + the sum of the hinges: never falling in any signal. */
export interface AdditiveModel {
  readonly intercept: number;
  readonly hinges: readonly Hinge[];
}

/** Where hinges stand: shares of the weight at or below their knots. */
const SHARES = [0.1, 0.5, 0.9];
/** Ridges to choose from, as shares of the weight, of columns of unit deviation. */
const RIDGES = [1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1];

export const additiveAt = ({ intercept, hinges }: AdditiveModel, x: readonly number[]): number =>
  hinges.reduce((sum, hinge) => sum + hinge.slope * bent(hinge, x), intercept);

type Place = Pick<Hinge, 'signal' | 'knot' | 'side'>;

const bent = ({ signal, knot, side }: Place, x: readonly number[]): number =>
  side === 'above' ? Math.max(0, x[signal] - knot) : Math.min(0, x[signal] - knot);

/**
 * Fits the hinges by non-negative least squares with a ridge: minimises
 *
 *   sum w (y - intercept - sum_j c_j h_j(x) / s_j)^2 + ridge sum w sum c_j^2,   c >= 0,
 *
 * where s_j is the weighted deviation of the signal of hinge j.
 *
 * @param ridge by default the one of the least error on scans as they are whose patient is left
 *   out, and on shifted ones whose family of shifts is
 */
export function fitAdditive(rows: readonly FitRow[], ridge?: number): AdditiveModel & { readonly ridge: number } {
  const columns = columnsOf(rows);
  const all = sumsOf(rows, columns);
  const chosen = ridge ?? bestRidge(heldOut(rows, columns), all, columns);
  const { intercept, slopes } = solve(all, chosen);
  const hinges = columns.map(({ deviation, ...place }, j) => ({ ...place, slope: slopes[j] / deviation }));
  return { intercept, hinges: hinges.filter(({ slope }) => slope > 0), ridge: chosen };
}

type Column = Place & { readonly deviation: number };

/** The hinges of every signal that varies. */
function columnsOf(rows: readonly FitRow[]): Column[] {
  const total = rows.reduce((sum, { weight }) => sum + weight, 0);
  return rows[0].x.flatMap((_, signal) => {
    const values = rows.map(({ x, weight }) => ({ value: x[signal], weight }));
    const mean = values.reduce((sum, { value, weight }) => sum + weight * value, 0) / total;
    const deviation = Math.sqrt(
      values.reduce((sum, { value, weight }) => sum + weight * (value - mean) ** 2, 0) / total,
    );
    if (!(deviation > 1e-9 * Math.max(1, Math.abs(mean)))) return [];
    const knots = new Set(SHARES.map((share) => weightedQuantile(values, share)));
    return [...knots].flatMap((knot) =>
      (['above', 'below'] as const).map((side): Column => ({ signal, knot, side, deviation })),
    );
  });
}

/** Weighted sums over rows: of 1, y, h, h y, h h'. */
interface Sums {
  weight: number;
  y: number;
  readonly h: Float64Array;
  readonly hy: Float64Array;
  readonly hh: Float64Array;
}

function sumsOf(rows: readonly FitRow[], columns: readonly Column[]): Sums {
  const p = columns.length;
  const sums: Sums = {
    weight: 0,
    y: 0,
    h: new Float64Array(p),
    hy: new Float64Array(p),
    hh: new Float64Array(p * p),
  };
  for (const { x, y, weight } of rows) {
    const h = columns.map((column) => bent(column, x) / column.deviation);
    sums.weight += weight;
    sums.y += weight * y;
    for (let i = 0; i < p; i++) {
      if (h[i] === 0) continue;
      sums.h[i] += weight * h[i];
      sums.hy[i] += weight * h[i] * y;
      for (let j = 0; j < p; j++) sums.hh[i * p + j] += weight * h[i] * h[j];
    }
  }
  return sums;
}

function less(a: Sums, b: Sums): Sums {
  const minus = (x: Float64Array, y: Float64Array) => x.map((value, i) => value - y[i]);
  return {
    weight: a.weight - b.weight,
    y: a.y - b.y,
    h: minus(a.h, b.h),
    hy: minus(a.hy, b.hy),
    hh: minus(a.hh, b.hh),
  };
}

/** The intercept is free and has no ridge: it is eliminated first. */
function solve({ weight, y, h, hy, hh }: Sums, ridge: number): { intercept: number; slopes: Float64Array } {
  const p = h.length;
  const gram = hh.map((value, at) => {
    const [i, j] = [Math.floor(at / p), at % p];
    return value - (h[i] * h[j]) / weight + (i === j ? ridge * weight : 0);
  });
  const slopes = nonNegativeLeastSquares(
    gram,
    hy.map((value, i) => value - (h[i] * y) / weight),
  );
  return { intercept: (y - h.reduce((sum, value, i) => sum + value * slopes[i], 0)) / weight, slopes };
}

/** What is left out, and the rows that it is judged by. */
interface HeldOut {
  readonly without: Sums;
  readonly rows: readonly FitRow[];
}

/** Each patient for its scan as it is, each family of shifts for its own. */
function heldOut(rows: readonly FitRow[], columns: readonly Column[]): HeldOut[] {
  const partsBy = (key: (row: FitRow) => number | string | null) =>
    [...new Set(rows.map(key))].map((value) => rows.filter((row) => key(row) === value));
  const patients = partsBy(({ patient }) => patient);
  const families = partsBy(({ family }) => family).filter(([{ family }]) => family !== null);
  return [
    ...(patients.length > 1 ? patients : []).map((own) => ({
      without: sumsOf(own, columns),
      rows: own.filter(({ family }) => family === null),
    })),
    ...families.map((own) => ({ without: sumsOf(own, columns), rows: own })),
  ];
}

/** The ridge of the least weighted squared error on what is left out. */
function bestRidge(parts: readonly HeldOut[], all: Sums, columns: readonly Column[]): number {
  const errors = RIDGES.map(() => 0);
  for (const { without, rows } of parts) {
    const others = less(all, without);
    RIDGES.forEach((ridge, r) => {
      const { intercept, slopes } = solve(others, ridge);
      const used = columns.flatMap((column, j) =>
        slopes[j] > 0 ? [{ ...column, slope: slopes[j] / column.deviation }] : [],
      );
      for (const { x, y, weight } of rows) errors[r] += weight * (y - additiveAt({ intercept, hinges: used }, x)) ** 2;
    });
  }
  return RIDGES[errors.indexOf(Math.min(...errors))];
}
