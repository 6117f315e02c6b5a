import { availableParallelism } from 'node:os';
import { InvalidArgumentError } from 'commander';
import { DEFAULT_LIMITS, limitsOf, type ScanLimits } from '../limits.js';
import { mostThreads } from '../network/inference/options.js';

/** What stands behind an option, read or refused in one sentence. */

export function wholeNumber(text: string): number {
  const n = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(n))
    throw new InvalidArgumentError('Give a whole number, 0 or more.');
  return n;
}

/** A number as people write one; NaN for what is none, and for one that no number can hold. */
function decimal(text: string): number {
  const x = Number(text);
  return /^(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(x) ? x : Number.NaN;
}

/** Threads of a network, as many as `openSession` takes. */
export function threads(text: string): number {
  const n = wholeNumber(text);
  if (n > mostThreads())
    throw new InvalidArgumentError(
      `Give at most ${mostThreads()}: this process may use ${availableParallelism()} cores, and more threads wait for one another.`,
    );
  return n;
}

export function fraction(text: string): number {
  const x = decimal(text);
  if (!(x > 0 && x <= 1)) throw new InvalidArgumentError('Give a number above 0 and at most 1.');
  return x;
}

export function level(text: string): number {
  const x = decimal(text);
  if (!(x > 0 && x < 1)) throw new InvalidArgumentError('Give a number above 0 and below 1.');
  return x;
}

/** Folds by number: 0,1,2. */
export function foldList(text: string): number[] {
  const folds = text.split(',').map(wholeNumber);
  if (new Set(folds).size !== folds.length) throw new InvalidArgumentError('Name every fold once.');
  return folds;
}

/** Names out of a few: mean,worst. */
export const listOf =
  (...allowed: readonly string[]) =>
  (text: string): string[] => {
    const names = text.split(',');
    const unknown = names.find((name) => !allowed.includes(name));
    if (unknown !== undefined) throw new InvalidArgumentError(`Choose from ${allowed.join(', ')}.`);
    return names;
  };

const defaults = Object.entries(DEFAULT_LIMITS)
  .map(([name, value]) => `${name}=${value}`)
  .join(' ');

export const limitsText = `what a scan may be at most, against bombs and stalls (default: ${defaults})`;

/** `--limits slices=20000 seconds=60`: several at once, or one at a time. */
export function limits(text: string, before: Partial<ScanLimits> = {}): Partial<ScanLimits> {
  const [name = '', ...values] = text.split('=');
  const value = decimal(values.join('=').trim());
  if (Object.hasOwn(DEFAULT_LIMITS, name) && Number.isNaN(value))
    throw new InvalidArgumentError(`Give the limit as a number above 0: ${name}=${DEFAULT_LIMITS[name as 'stall']}.`);
  const given = { ...before, [name]: value };
  try {
    limitsOf(given);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
  return given;
}

/** Numbers or UIDs of series, comma-separated or one after another. */
export const seriesList = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...text.split(',').map((word) => {
    if (word.trim() === '') throw new InvalidArgumentError('Give the number or the UID of a series, as 2 or 2,3.');
    return word.trim();
  }),
];
