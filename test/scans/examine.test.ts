import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { closeInference } from '../../src/network/inference/session.js';
import { examine } from '../support/examined.js';
import { temporaryFolder } from '../support/folder.js';
import { writeScan } from '../support/scans.js';

afterAll(closeInference);

/** numpy, and nnunetv2's aggregation: test/oracle/outputs.py. */
const { network } = JSON.parse(readFileSync(new URL('../fixtures/outputs.json', import.meta.url), 'utf8')) as {
  network: { shape: [number, number, number]; scores: Record<string, number> };
};

describe('examineScan', () => {
  it('reads of a real network what numpy reads of the logits that nnU-Net aggregates', async () => {
    const found = await examine();
    expect(Object.keys(found.outputs).sort()).toEqual(Object.keys(network.scores).sort());
    for (const [name, score] of Object.entries(network.scores))
      expect(Math.abs(found.outputs[name].mean! / score - 1)).toBeLessThan(1e-5);
    for (const weights of Object.values(found.weights)) {
      expect(weights.length).toBe(found.patches);
      expect(weights.reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 12);
    }
    // The network is sure inside what it finds, and less so at its boundary.
    const { mean, foreground, interior } = found.outputs['max-softmax'] as Record<string, number>;
    expect(interior).toBeLessThan(foreground!);
    expect(new Set([mean, foreground, interior]).size).toBe(3);
    expect([found.rows.length, found.means.length]).toEqual([found.patches * found.d, found.patches * found.c]);
    expect(found.dice).toBeNull();
  });

  it('refuses a truth of another shape', async () => {
    const path = join(await temporaryFolder(), 'truth.nii.gz');
    await writeScan({ path, seed: 1, shape: [40, 90, 80] });
    await expect(examine({}, path)).rejects.toMatchObject({
      code: 'scan-unsuitable',
      message: expect.stringMatching(/80 x 90 x 40 voxels than its scan scan \(84 x 90 x 40\)/),
    });
  });
});
