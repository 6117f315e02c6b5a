import { afterAll, describe, expect, it } from 'vitest';
import { closeInference } from '../../src/network/inference/session.js';
import { dataDir, dataFile } from '../support/data.js';

import { differing, isSynthetic, MOST, smallest } from '../support/segmented.js';

afterAll(closeInference);

describe.runIf(dataDir)('real scans are segmented as nnU-Net segments them', () => {
  const real = smallest.filter(([, , , found]) => !isSynthetic(found));
  it.each(real)('%s: %s', async (_, name, expected, found) => {
    expect(await differing(expected, name, found.files.map(dataFile), found)).toBeLessThanOrEqual(MOST);
  });
});
