import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { planSchema } from '../../../src/network/plans/schema.js';
import { read, refusal } from '../../support/nnunet-plans.js';

describe('the plan file', () => {
  const documented = readFileSync(new URL('../../../docs/plan-file.md', import.meta.url), 'utf8');
  const examples = [...documented.matchAll(/```json\n([\s\S]*?)```/g)].map((match) => JSON.parse(match[1]));

  it('reads every example of its page', () => {
    expect(examples.length).toBeGreaterThanOrEqual(2);
    for (const example of examples) expect(planSchema.parse(read(example))).toEqual(read(example));
  });

  it("maps MONAI's intensity range to [0, 1]", () => {
    // ScaleIntensityRanged(a_min=-57, a_max=164, b_min=0, b_max=1, clip=True), the example of the
    // page.
    const plan = read(examples[0]);
    expect(plan.channels[0].intensity).toEqual({ mean: -57, std: 221, percentile005: -57, percentile995: 164 });
    expect(plan.reader).toBe('ras');
    expect(plan.transposeForward).toEqual([2, 1, 0]);
    expect(plan.resampling.order).toBe(1);
    expect(plan.cropToNonzero).toBe(false);
  });

  it('refuses a misspelt field by name', () => {
    const { code, message } = refusal(() => read({ ...examples[0], patchsize: [1, 1, 1] }));
    expect(code).toBe('plan-invalid');
    expect(message).toContain('patchsize');
  });
});
