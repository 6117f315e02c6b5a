import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { openDetector } from '../../src/detectors/opened.js';
import { loadDetector } from '../../src/detectors/saved.js';
import { scoreScans } from '../../src/jobs/score.js';
import { closeInference } from '../../src/network/inference/session.js';
import { isFailure } from '../../src/results.js';
import { scoreScan } from '../../src/scans/score.js';
import { dataDir, dataFile } from '../support/data.js';

const detector = await loadDetector(join(inject('workshop'), 'detector'));
const opened = await openDetector(detector);
afterAll(closeInference);

describe.runIf(dataDir)('odd and broken files', () => {
  it('each gives a finite score or one sentence that names it', async () => {
    const inputs = ['nifti-reader-js', 'niivue'].flatMap((folder) =>
      readdirSync(dataFile(`tricky/${folder}`))
        .filter((name) => !/\.(img|img\.gz|md|txt)$/.test(name))
        .map((name) => ({ case: `${folder}/${name}`, file: dataFile(`tricky/${folder}/${name}`) })),
    );
    expect(inputs.length).toBeGreaterThan(25);
    let scored = 0;
    for await (const result of scoreScans({ detector: opened, inputs })) {
      if (isFailure(result)) {
        expect(result.error.code, result.error.message).not.toBe('internal');
        expect(result.error.message).toMatch(/^[^\n]+\.$/);
        expect(result.error.message).toContain(result.case.split('/')[1]);
      } else {
        scored++;
        expect(Number.isFinite(result.score) && result.score > 0, result.case).toBe(true);
        expect(result.patches).toBeGreaterThan(0);
      }
    }
    expect(scored).toBeGreaterThan(15);
  });

  it('a real scan cut off at ten places gives one sentence, packed or not', async () => {
    const file = readFileSync(dataFile('chest/lungdx_A0001_L_2mm.nii.gz'));
    for (let i = 0; i < 10; i++) {
      const cut = file.subarray(0, Math.floor((file.length * i) / 10));
      await expect(scoreScan(Readable.from([cut]), { detector: opened, case: 'cut' })).rejects.toMatchObject({
        name: 'SegcanaryError',
        message: expect.stringMatching(/^cut[^\n]+\.$/),
      });
    }
  });
});
