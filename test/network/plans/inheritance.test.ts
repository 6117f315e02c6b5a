import { describe, expect, it } from 'vitest';
import { plans, read, refusal } from '../../support/nnunet-plans.js';

describe('plans that inherit', () => {
  it('inherits along a chain, its own fields first', () => {
    const chain = {
      ...plans,
      configurations: {
        ...plans.configurations,
        bs4: { inherits_from: '3d_fullres', batch_size: 4, spacing: [4, 1, 1] },
        bs8: { inherits_from: 'bs4', batch_size: 8, patch_size: [32, 32, 32] },
      },
    };
    const plan = read(chain, 'bs8');
    expect(plan.patchSize).toEqual([32, 32, 32]);
    expect(plan.spacing).toEqual([4, 1, 1]);
    expect(plan.channels[0].scheme).toBe('CTNormalization');
  });

  it('refuses a circle and a missing parent', () => {
    const circle = { ...plans, configurations: { a: { inherits_from: 'b' }, b: { inherits_from: 'a' } } };
    expect(refusal(() => read(circle, 'a'))).toMatchObject({
      code: 'plan-invalid',
      message: 'plans.json: configurations inherit from each other in a circle: a -> b -> a.',
    });
    const orphan = { ...plans, configurations: { a: { inherits_from: 'gone' } } };
    expect(refusal(() => read(orphan, 'a'))).toMatchObject({
      code: 'plan-invalid',
      message: 'plans.json: configuration "a" inherits from "gone", which the plan does not have.',
    });
  });
});
