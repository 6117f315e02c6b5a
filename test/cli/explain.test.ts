import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import type { Explanation, SubjectScore } from '../../src/results.js';
import { jsonLines, segcanary } from '../support/cli.js';

const workshop = inject('workshop');
const detector = join(workshop, 'detector');
const scan = join(workshop, 'held-out', 'held-out_2_0000.nii.gz');

interface Explained extends SubjectScore {
  readonly explanation: Explanation;
}

describe('segcanary score --explain', () => {
  it('adds an explanation, and changes nothing else', async () => {
    const plain = await segcanary(['score', '-d', detector, '-i', scan]);
    const more = await segcanary(['score', '-d', detector, '-i', scan, '--explain']);
    const [line, longer] = [plain, more].map((ran) => jsonLines(ran)[0]);
    const { explanation, ...score } = longer as unknown as Explained;
    expect(score).toEqual(line);
    const { patches, groups, intensities, notes } = explanation;
    expect(notes).toEqual([]);
    expect(patches!.length).toBe(Math.min(5, score.patches));
    expect(patches![0]).toMatchObject(score.worstPatch!);
    const distances = patches!.map(({ distance }) => distance);
    expect(distances).toEqual(distances.toSorted((a, b) => b - a));
    expect(groups!.map(({ name }) => name)).toEqual([1, 2, 3, 4, 5, 6].map((i) => `stage-${i}`).concat('intensities'));
    expect(groups!.slice(0, -1).every(({ moved }) => moved?.length === 3)).toBe(true);
    const [ct] = intensities;
    expect(ct).toMatchObject({ channel: 'CT', unit: 'HU' });
    for (const shares of [ct!.training!, ct!.scan]) {
      expect(shares.length).toBe(ct!.edges.length - 1);
      expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    }
    // A scan like those of training lies about as far from them as they from each other.
    expect(ct!.distance).toBeLessThan(2 * ct!.trainingDistances!.max);
  });

  it('refuses to explain what is decided early', async () => {
    const ran = await segcanary(['score', '-d', detector, '-i', scan, '--explain', '--early']);
    expect([ran.code, ran.stderr.trim()]).toEqual([
      2,
      expect.stringMatching(
        /An explanation needs every patch and --early stops before the last; leave one of them out\.$/,
      ),
    ]);
  });
});
