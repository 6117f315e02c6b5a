import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import expected from '../fixtures/end-to-end/scores.json' with { type: 'json' };
import { jsonLines, MODEL, segcanary } from '../support/cli.js';
import { dataDir, dataFile } from '../support/data.js';

describe.runIf(dataDir)('fit and score on real scans', () => {
  const folder = mkdtempSync(join(inject('workshop'), 'real-'));

  it.each(Object.keys(expected.scores) as (keyof typeof expected.scores)[])(
    'with %s equal the same method in Python: nnunetv2, onnxruntime, scikit-learn',
    async (estimator) => {
      const detector = join(folder, estimator);
      const cache = join(folder, 'cache');
      const fit = await segcanary([
        'fit',
        '-m',
        MODEL,
        '-i',
        ...expected.train.map(dataFile),
        '-o',
        detector,
        '--detector',
        'mahalanobis',
        '--estimator',
        estimator,
        '--cache',
        cache,
      ]);
      expect(fit.code, fit.stderr).toBe(0);
      const inspect = JSON.parse((await segcanary(['inspect', detector, '--ndjson'])).stdout.toString());
      expect(inspect).toMatchObject({ n: expected.n, d: expected.d, tap: { name: expected.tap, suggested: true } });
      const scores = expected.scores[estimator];
      const results = jsonLines(await segcanary(['score', '-d', detector, '-i', ...Object.keys(scores).map(dataFile)]));
      const relative = Object.values(scores).map((score, i) => Math.abs((results[i].score as number) / score - 1));
      // Two builds of onnxruntime add in different orders, and an ill-conditioned covariance
      // enlarges the last bits of a float32.
      expect(Math.max(...relative)).toBeLessThan(1e-4);
    },
  );
});
