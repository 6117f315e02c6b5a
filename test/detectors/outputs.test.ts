import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { OUTPUT_METHODS } from '../../src/detectors/outputs/registry.js';
import { closeInference } from '../../src/network/inference/session.js';

// Every method of src/detectors/outputs against one oracle: a method more is a row more.

afterAll(closeInference);

/** numpy, and nnunetv2's aggregation: test/oracle/outputs.py. */
const { cases } = JSON.parse(readFileSync(new URL('../fixtures/outputs.json', import.meta.url), 'utf8')) as {
  cases: { classes: number; regions: boolean; passes: number[][]; scores: Record<string, number> }[];
};

const all = (n: number) => ({ foreground: new Uint8Array(n).fill(1), interior: new Uint8Array(n) });

const scoreOf = (scores: Record<string, number>, name: string) =>
  scores[name.replace(/^pairwise-dice-.*/, 'pairwise-dice')];

describe('output methods', () => {
  it.each(OUTPUT_METHODS)('$name is what numpy makes of the logits', (method) => {
    for (const { classes, regions, passes, scores } of cases) {
      const meter = method.meter({ classes, regions });
      // As slices of unequal size.
      const plane = passes[0].length / classes;
      for (const [from, to] of [
        [0, 13],
        [13, plane],
      ] as const) {
        meter.push(
          passes.map((logits) =>
            Float32Array.from({ length: classes * (to - from) }, (_, i) => {
              const c = Math.floor(i / (to - from));
              return logits[c * plane + from + (i % (to - from))];
            }),
          ),
          all(to - from),
        );
      }
      expect(Math.abs(meter.values().mean! / scoreOf(scores, method.name) - 1)).toBeLessThan(1e-5);
    }
  });

  it('have names of their own, and say what they compute and where that is from', () => {
    expect(new Set(OUTPUT_METHODS.map(({ name }) => name)).size).toBe(OUTPUT_METHODS.length);
    for (const { title, formula, source } of OUTPUT_METHODS)
      expect([title, formula, source].every((text) => text.length > 5)).toBe(true);
  });
});
