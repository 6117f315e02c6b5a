import { describe, expect, it } from 'vitest';
import { SegcanaryError } from '../../src/errors.js';
import type { CohortCase } from '../../src/evaluate/cohort.js';
import { refuseRepeatedScans } from '../../src/jobs/repeated-scans.js';

const of = (name: string, split: CohortCase['split'], group: CohortCase['group'] = 'id'): CohortCase => ({
  case: name,
  images: [name],
  label: null,
  split,
  group,
  shift: '',
  dataset: '',
});
/** Scans are the same whose names begin with the same letter. */
const identity = async (c: CohortCase): Promise<readonly string[]> => [c.case[0]];

describe('one scan twice in a cohort', () => {
  it.each([
    [of('a1', 'train'), of('a2', 'val'), 'a2: is the same scan as a1, once as train,id and once as val,id'],
    [of('a1', 'test'), of('a2', 'test', 'ood'), 'a2: is the same scan as a1, once as test,id and once as test,ood'],
  ])('is refused in two splits or groups', async (one, other, message) => {
    await expect(refuseRepeatedScans([of('b', 'train'), one, other], identity)).rejects.toThrow(message);
  });

  it('is warned of in one, and one that cannot be read is left to whoever reads it', async () => {
    const told: string[] = [];
    const onWarning = ({ message }: { message: string }, name: string) => told.push(`${name} ${message}`);
    const identityOf = async (c: CohortCase) => {
      if (c.case === 'a3') throw new SegcanaryError('io', 'no such file');
      return identity(c);
    };
    await refuseRepeatedScans([of('a1', 'val'), of('a2', 'val'), of('a3', 'test')], identityOf, { onWarning });
    expect(told).toEqual(['a2 is the same scan as a1, and counts twice.']);
  });

  it('is found by any of its names, whichever of the scans has them', async () => {
    const names = { a: ['1', '2'], b: ['3', '2'], c: ['3', '4'], d: ['5'] } as Readonly<Record<string, string[]>>;
    const told: string[] = [];
    const onWarning = ({ message }: { message: string }, name: string) => told.push(`${name} ${message}`);
    const cohort = ['a', 'b', 'c', 'd'].map((name) => of(name, 'val'));
    await refuseRepeatedScans(cohort, async (c) => names[c.case], { onWarning });
    expect(told).toEqual(['b is the same scan as a, and counts twice.', 'c is the same scan as b, and counts twice.']);
  });

  it('is not looked for once it was stopped', async () => {
    const stopped = async (): Promise<readonly string[]> => {
      throw new SegcanaryError('aborted', 'stopped');
    };
    await expect(refuseRepeatedScans([of('a', 'test')], stopped)).rejects.toMatchObject({ code: 'aborted' });
  });
});
