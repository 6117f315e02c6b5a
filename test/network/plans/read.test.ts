import { describe, expect, it } from 'vitest';
import { read, refusal } from '../../support/nnunet-plans.js';

describe('any plan', () => {
  it('refuses what is no plan', () => {
    for (const other of [null, [], 3, 'plan', {}, { labels: {} }]) {
      expect(refusal(() => read(other))).toMatchObject({ code: 'plan-invalid' });
    }
  });
});
