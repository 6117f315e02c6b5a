import { expect, it } from 'vitest';
import { drawsOf } from '../../src/drift/draws.js';

it('draws are those of the name, above 0 and up to 1, and uniform', () => {
  const [a, again, b] = ['sha256:ab site 1', 'sha256:ab site 1', 'sha256:ab site 2'].map((name) => {
    const draw = drawsOf(name);
    return Array.from({ length: 10_000 }, draw);
  }) as [number[], number[], number[]];
  expect(again).toEqual(a);
  expect(b).not.toEqual(a);
  for (const draws of [a, b]) {
    expect(Math.min(...draws)).toBeGreaterThan(0);
    expect(Math.max(...draws)).toBeLessThanOrEqual(1);
    // Kolmogorov's statistic at n = 10,000: above .0195 once in 1,000 names.
    const sorted = [...draws].sort((x, y) => x - y);
    expect(Math.max(...sorted.map((u, i) => Math.max(u - i / 10_000, (i + 1) / 10_000 - u)))).toBeLessThan(0.0195);
  }
  const mean = a.reduce((sum, u, i) => sum + (u - 0.5) * (b[i] - 0.5), 0) / 10_000;
  // Independent draws give 0, give or take 1/12 / 100.
  expect(Math.abs(mean)).toBeLessThan(0.003);
});
