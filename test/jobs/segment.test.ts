import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Triple } from '../../src/chunks.js';
import { closeInference } from '../../src/network/inference/session.js';
import { temporaryFolder } from '../support/folder.js';
import { writeScan } from '../support/scans.js';

import { differing, isSynthetic, MOST, smallest } from '../support/segmented.js';

afterAll(closeInference);

describe('synthetic scans are segmented as nnU-Net segments them', () => {
  const synthetic = smallest.filter(([, , , found]) => isSynthetic(found));
  it('there are some of both versions', () => expect(synthetic.length).toBe(2));
  it.each(synthetic)('%s: %s', async (_, name, expected, found) => {
    const path = join(await temporaryFolder(), 'scan.nii.gz');
    const [, mr, seed] = /synthetic(-mr)?\/(\d+)/.exec(found.files[0])!;
    const shape = found.shape.toReversed() as unknown as Triple;
    await writeScan({ path, seed: Number(seed), shape, modality: mr ? 'mr' : 'ct' });
    expect(await differing(expected, name, [path], found)).toBeLessThanOrEqual(MOST);
  });
});
