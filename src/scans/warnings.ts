import type { Warning, WarningListener } from '../results.js';
import type { ScanOptions } from './run.js';

/** A listener that keeps what it is told, and passes it on. */
export function keepingWarnings(
  onWarning?: WarningListener,
  first: readonly Warning[] = [],
): {
  readonly warnings: readonly Warning[];
  readonly onWarning: WarningListener;
} {
  const warnings = [...first];
  return {
    warnings,
    onWarning: (warning, name) => {
      warnings.push(warning);
      onWarning?.(warning, name);
    },
  };
}

/** Collects what is told of a scan while it is read, and passes it on. */
export function collectedWarnings({ spool: isSpooled = true, onWarning }: Pick<ScanOptions, 'spool' | 'onWarning'>): {
  readonly warnings: readonly Warning[];
  readonly onWarning: WarningListener;
} {
  const message = 'Streamed without a spool: not cropped to the non-zero box, values clipped to the range of the plan.';
  return keepingWarnings(onWarning, isSpooled ? [] : [{ code: 'no-spool', message }]);
}
