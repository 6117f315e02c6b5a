import type { z } from 'zod';
import type { record } from '../protocol/record.js';
import type { scoreBody } from '../protocol/score.js';
import { lineOf } from '../results.js';
import type { ScanRecord } from './scan-record.js';
import type { ScanService } from './service.js';

/** A record as clients see it: with its progress, and its result as the line of an answer. */
export function viewOf(scan: ScanRecord, service: Pick<ScanService, 'progress'>): z.input<typeof record> {
  return {
    ...scan,
    progress: service.progress(scan.id),
    // Checked by the schema as it is sent; types of interfaces do not fit one that is open.
    result: scan.result && (lineOf(scan.result, null) as z.input<typeof scoreBody>),
    explanation: scan.explanation as Record<string, unknown> | null,
    kept: [...scan.kept],
  };
}
