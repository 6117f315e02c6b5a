import { availableParallelism } from 'node:os';
import { type Command, InvalidArgumentError } from 'commander';
import { DEFAULT_LIMITS, limitsOf, type ScanLimits } from '../limits.js';
import type { WithInference } from '../network/inference/options.js';
import type { LogOptions } from './log.js';

/** Of commands that run a network. */
export type InferenceFlags = Required<WithInference>;

/** Options that every command that reads scans has. */
export interface ScanFlags extends InferenceFlags {
  readonly input: string[];
  readonly volume?: number;
  readonly spool: boolean;
  readonly tmpdir?: string;
  readonly limits?: Partial<ScanLimits>;
}

/** The options of a command; what says how networks are run is one value. */
export function flagsOf<T extends LogOptions>(command: Command): T {
  const { threads, ...flags } = command.optsWithGlobals();
  return { ...flags, inference: { threads } } as unknown as T;
}

export function wholeNumber(text: string): number {
  const n = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(n))
    throw new InvalidArgumentError('Give a whole number, 0 or more.');
  return n;
}

export function fraction(text: string): number {
  const x = Number(text);
  if (!(x > 0 && x <= 1)) throw new InvalidArgumentError('Give a number above 0 and at most 1.');
  return x;
}

/** Folds by number: 0,1,2. */
export function foldList(text: string): number[] {
  const folds = text.split(',').map(wholeNumber);
  if (new Set(folds).size !== folds.length) throw new InvalidArgumentError('Name every fold once.');
  return folds;
}

export function withScanOptions(command: Command, inputs: string, required = true): Command {
  const flags = '-i, --input <path...>';
  return (required ? command.requiredOption(flags, inputs) : command.option(flags, inputs))
    .option('--volume <n>', 'which volume of 4-D files, from 0', wholeNumber)
    .option('--no-spool', 'stream straight through, without a temporary file (deviates: docs/preprocessing.md)')
    .option('--tmpdir <folder>', 'where the temporary file of a scan lies (default: the system’s)')
    .option('--threads <n>', 'threads of the network', wholeNumber, availableParallelism())
    .option(...limitsOption);
}

const defaults = Object.entries(DEFAULT_LIMITS)
  .map(([name, value]) => `${name}=${value}`)
  .join(' ');

/** `--limits slices=20000 seconds=60`: several at once, or one at a time. */
export const limitsOption = [
  '--limits <name=value...>',
  `what a scan may be at most, against bombs and stalls (default: ${defaults})`,
  (text: string, before: Partial<ScanLimits> = {}): Partial<ScanLimits> => {
    const [name = '', value = ''] = text.split('=');
    const limits = { ...before, [name]: value.trim() === '' ? Number.NaN : Number(value) };
    try {
      limitsOf(limits);
    } catch (error) {
      throw new InvalidArgumentError((error as Error).message);
    }
    return limits;
  },
] as const;
