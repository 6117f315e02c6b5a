import type { Warning, WarningListener } from '../results.js';
import type { ScanOptions } from './run.js';

/** Collects what is told of a scan while it is read, and passes it on. */
export function collectedWarnings({ spool: isSpooled = true, onWarning }: Pick<ScanOptions, 'spool' | 'onWarning'>): {
  readonly warnings: readonly Warning[];
  readonly onWarning: WarningListener;
} {
  const message = 'Streamed without a spool: not cropped to the non-zero box, values clipped to the range of the plan.';
  const warnings: Warning[] = isSpooled ? [] : [{ code: 'no-spool', message }];
  return {
    warnings,
    onWarning: (warning, name) => {
      warnings.push(warning);
      onWarning?.(warning, name);
    },
  };
}
