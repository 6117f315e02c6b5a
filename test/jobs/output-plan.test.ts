import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Place } from '../../src/files/place.js';
import { areOne, hindranceOf, type Output, OutputPlan } from '../../src/jobs/output-plan.js';

const place = (path: string, file: string | null = null): Place => ({ path, entry: path, file, isFolder: false });
const of = (name: string | null, path: string, what = `the mask of ${name}`): Output => ({ path, what, case: name });
const EXACT = { cases: false, forms: false };

describe('no output is an input', () => {
  it.each<[string, Place, Place]>([
    ['by its path', place('/s/a.nii'), place('/s/a.nii')],
    ['by what it is, under another name', place('/s/a.nii', '1:2'), place('/o/a.nii', '1:2')],
    ['by its path, where the file system numbers files anew', place('/s/a.nii', '1:2'), place('/s/a.nii', '1:3')],
  ])('%s', (_, read, write) => {
    const plan = new OutputPlan([place('/s/b.nii', '1:1'), read]);
    expect(() => plan.add(of('a', write.path), write)).toThrow(/the mask of a would overwrite (this input|the input)/);
    // What was refused is no output.
    expect(plan.has(of('a', write.path), write)).toBe(false);
  });

  it('and a new file beside it is none', () => {
    const plan = new OutputPlan([place('/s/a.nii', '1:2'), place('/s/gone.nii')]);
    expect(plan.add(of('a', '/s/a_uncertainty.nii.gz'), place('/s/a_uncertainty.nii.gz'))).toBeNull();
    expect(plan.add(of('b', '/s/b.nii'), place('/s/b.nii', '1:3'))).toBeNull();
  });

  it('says which option to change', () => {
    const plan = new OutputPlan([place('/s/a.nii', '1:2')]);
    const output: Output = { path: '/o/x.nii', what: 'the mask of x', case: 'x', option: 'mask' };
    expect(() => plan.add(output, place('/o/x.nii', '1:2'))).toThrow(
      expect.objectContaining({
        code: 'usage',
        option: 'mask',
        message:
          '/o/x.nii: the mask of x would overwrite the input /s/a.nii, which is the same file; name another place with `mask`.',
      }),
    );
  });
});

describe('no two outputs are one', () => {
  it('of two cases, of one, and of what is of all', () => {
    const plan = new OutputPlan([]);
    plan.add(of('x', '/o/x_uncertainty.nii.gz'), place('/o/x_uncertainty.nii.gz'));
    plan.add(of(null, '/o/summary.json', 'the summary'), place('/o/summary.json'));
    expect(() =>
      plan.add(of('x_uncertainty', '/o/x_uncertainty.nii.gz', 'the labels'), place('/o/x_uncertainty.nii.gz')),
    ).toThrow(/would be both the mask of x and the labels; rename one of the scans/);
    expect(() => plan.add(of('summary', '/o/summary.json', 'the result'), place('/o/summary.json'))).toThrow(
      /both the summary and the result; rename the scan, or call it otherwise with `case`/,
    );
  });

  it('and names that are alike are told of, for the file system to judge', () => {
    const plan = new OutputPlan([]);
    const [composed, decomposed] = ['\u00e9', 'e\u0301'];
    const first = of('1', `/o/${composed}.nii`);
    plan.add(first, place(first.path));
    expect(plan.add(of('2', `/o/${decomposed}.nii`), place(`/o/${decomposed}.nii`))).toBe(first);
    expect(plan.add(of('3', '/o/\u00c9.nii'), place('/o/\u00c9.nii'))).toBe(first);
    expect(plan.add(of('4', '/p/\u00c9.nii'), place('/p/\u00c9.nii'))).toBeNull();
    const pairs: [string, string, boolean, boolean][] = [
      ['/o/X', '/o/x', true, false],
      [`/o/${composed}`, `/o/${decomposed}`, false, true],
      [`/o/\u00c9`, `/o/${decomposed}`, false, false],
      ['/o/x', '/o/y', false, false],
    ];
    for (const [a, b, cases, forms] of pairs) {
      const one = (alike: typeof EXACT) => areOne(of('1', a), of('2', b), alike);
      expect([a, one(EXACT), one({ ...EXACT, cases: true }), one({ ...EXACT, forms: true })]).toEqual([
        a,
        false,
        cases,
        forms,
      ]);
    }
    expect(areOne(of('1', `/o/\u00c9`), of('2', `/o/${decomposed}`), { cases: true, forms: true })).toBe(true);
  });

  it('whatever is asked for, what is taken is told apart, and is no input', () => {
    const names = fc.constantFrom('a', 'A', 'b', 'a_uncertainty', 'summary');
    const files = fc.array(fc.tuple(names, fc.constantFrom('1', '2', '3', null)), { maxLength: 6 });
    fc.assert(
      fc.property(files, files, (reads, writes) => {
        const read = reads.map(([name, file]) => place(`/f/${name}`, file));
        const plan = new OutputPlan(read);
        const taken = writes
          .map(([name, file]) => place(`/f/${name}`, file))
          .filter((write) => {
            try {
              plan.add(of('c', write.path), write);
              return true;
            } catch {
              return false;
            }
          });
        expect(new Set(taken.map(({ entry }) => entry)).size).toBe(taken.length);
        for (const write of taken)
          for (const { entry, file } of read)
            expect(write.entry === entry || (file !== null && write.file === file)).toBe(false);
      }),
    );
  });
});

it('a name that cannot be written is found out', () => {
  const long = `/o/${'ü'.repeat(126)}.nii`;
  expect(hindranceOf(of('a', long), place(long))).toMatchObject({
    code: 'io',
    message: `${long}: its name would have 256 bytes, and a file's name has 255 at most; give the scan a shorter name.`,
  });
  expect(hindranceOf(of('a', '/o/a'), { ...place('/o/a', '1:1'), isFolder: true })).toMatchObject({ code: 'io' });
  expect(hindranceOf(of('a', '/o/a'), place('/o/a', '1:1'))).toBeNull();
});
