import { describe, expect, it } from 'vitest';
import { fresh, run, score, scoreOf, variant } from './support/runs.js';

describe('which series', () => {
  it('7: is found among a structure set, a dose report and a secondary capture', async () => {
    const [line, base] = [await score([variant('companions')], ['--case', 'x']), await scoreOf(variant('base'))];
    expect(line.code).toBe(0);
    expect(line.lines).toHaveLength(1);
    expect(line.lines[0].score).toBe(base.score);
  });

  it('8: is asked for where there are two, and both are listed', async () => {
    const { code, lines, stderr } = await score([variant('two-series')]);
    expect(code).toBe(2);
    const said = stderr + JSON.stringify(lines);
    for (const words of ['phantom 1', 'phantom 2', 'B40f', 'B70f', '30 ', '--series']) expect(said).toContain(words);
  });

  it.each(['2', '2.25.18.1.2'])('8: is named by --series %s', async (name) => {
    const two = await scoreOf(variant('two-series'), ['--series', name, '--case', 'x']);
    expect(two).toEqual(await scoreOf(variant('two-series/b'), ['--case', 'x']));
  });

  it('8: is each of them with --each-series', async () => {
    const { code, lines } = await score([variant('two-series')], ['--each-series']);
    expect(code).toBe(0);
    const alone = await score([variant('two-series/a'), variant('two-series/b')]);
    expect(lines.map((line) => line.score).sort()).toEqual(alone.lines.map((line) => line.score).sort());
  });

  it('8: that nobody has is refused', async () => {
    const { code } = await score([variant('two-series')], ['--series', '77']);
    expect(code).toBe(2);
  });

  it('11: is not disturbed by a localizer, which is warned of', async () => {
    const { lines, code, stderr } = await score([variant('localizer')], ['--case', 'x']);
    expect(code).toBe(0);
    expect(lines[0].score).toBe((await scoreOf(variant('base'))).score);
    expect(stderr + JSON.stringify(lines[0].warnings)).toMatch(/localizer/i);
  });

  it('writes no patient into the names of its files', async () => {
    const out = fresh();
    const ran = await run(['score', '-d', variant('detector'), '-i', variant('patients'), '-o', out]);
    expect(ran.code).toBe(0);
  });
});
