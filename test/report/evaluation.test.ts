import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { evaluationOf, type ScoredMethod } from '../../src/evaluate/evaluation.js';
import type { ScoredCase } from '../../src/evaluate/judge.js';
import { evaluationHtml } from '../../src/report/evaluation.js';

const cases: ScoredCase[] = [1, 2, 3, 4, 5, 6].map((score, i) => ({
  case: i === 5 ? '</script><b>"six"' : `case ${i}`,
  split: i < 2 ? 'val' : 'test',
  group: i < 4 ? 'id' : 'ood',
  shift: i < 4 ? '' : 'dose',
  dataset: '',
  score,
  dice: i < 2 ? null : 1 - i / 10,
  voxels: 10 + i,
}));
const method: ScoredMethod = {
  name: 'a & b',
  title: 'A <i> B',
  formula: 'f',
  source: 's',
  passes: 1,
  cases,
};

describe('the report of an evaluation', () => {
  it('is one page that needs nothing else, whatever the names in it', async () => {
    const html = await evaluationHtml({
      title: 'Detectors on <cohort>',
      tau: 0.6,
      margin: 0.1,
      resamples: 20,
      ...evaluationOf([method], { tau: 0.6, margin: 0.1, resamples: 20, seed: 0 }),
      seconds: { 'case 2': 3.2 },
      peakMemory: { 'case 2': 3e8 },
      advice: null,
      featuresOnly: false,
      commands: [],
      pictured: 'A <i> B',
      pictures: [{ title: 'Best catch', case: 'x', caption: 'x <b>', segmented: 'data:,1', uncertain: 'data:,2' }],
      dice: { 'case 2': { liver: 0.8 } },
      failures: ['x.nii: is <broken>.'],
    });
    expect(html).toContain('<h1>Detectors on &#60;cohort&#62;</h1>');
    expect(html).toContain('x.nii: is &#60;broken&#62;.');
    expect(html).toContain('A &#60;i&#62; B');
    expect(html.match(/<\/script>/g)!.length).toBe(3);
    expect(html).toContain('x &#60;b&#62;');
    expect(html).toContain('A scan took 3.2 s');
    // Nothing is fetched.
    expect(html.replace(/<script>[\s\S]*?<\/script>/g, '')).not.toMatch(/(src|href)=(?!"data:)|@import|url\(/);
    const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1];
    const parsed = JSON.parse(data);
    expect(parsed.methods[0].cases[5].case).toBe('</script><b>"six"');
    expect(parsed.methods[0].curve.at(-1)).toEqual([1, expect.closeTo(0.35, 12)]);
    expect(parsed.chance[0][1]).toBeCloseTo(0.35, 12);
    // Both scripts are scripts.
    const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((m) => m[1]);
    for (const script of scripts) runInNewContext(`() => { ${script} \n}`);
    expect(scripts.length).toBe(2);
  });
});
