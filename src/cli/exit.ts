import { SegcanaryError } from '../errors.js';

/** Exit codes of every command. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  someScansFailed: 3,
  outOfDistribution: 10,
  interrupted: 130,
  terminated: 143,
} as const;

/** The exit code that an error stands for. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof SegcanaryError && error.code === 'usage') return EXIT.usage;
  return EXIT.failed;
}
