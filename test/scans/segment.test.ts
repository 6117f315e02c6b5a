import { describe, expect, it } from 'vitest';
import { segmentingAlgorithm } from '../../src/scans/segment.js';

describe('what made a segmentation', () => {
  it('is its networks, and another with mirrors: UIDs of objects are made of it', () => {
    const one = segmentingAlgorithm({ networks: ['a'.repeat(64)] });
    expect(one).toEqual({ name: 'nnU-Net', version: 'a'.repeat(64) });
    expect(segmentingAlgorithm({ networks: ['a'.repeat(64)], mirrorAxes: [] })).toEqual(one);
    const versions = [
      one,
      segmentingAlgorithm({ networks: ['a'.repeat(64)], mirrorAxes: [0, 1, 2] }),
      segmentingAlgorithm({ networks: ['a'.repeat(64)], mirrorAxes: [0] }),
      segmentingAlgorithm({ networks: ['a'.repeat(64), 'b'.repeat(64)] }),
    ].map(({ version }) => version);
    expect(new Set(versions).size).toBe(4);
    // Long String, PS3.5 section 6.2.
    for (const version of versions) expect(version.length).toBeLessThanOrEqual(64);
  });
});
