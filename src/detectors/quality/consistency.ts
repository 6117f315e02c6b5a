import { asideOf, boundKindOf, unitsOf } from './bound.js';
import type { QualityModel } from './model.js';

/** What of a quality model does not follow from something else in it, in half a sentence each. */
export function inconsistenciesOfQuality(quality: QualityModel): string[] {
  const { cases, passes, bound, stress, crossValidation, mirrorAxes } = quality;
  const { unshifted, families, coverage } = crossValidation;
  const names = families.map(({ name }) => name);
  const shifted = families.reduce((sum, { n }) => sum + n, 0);
  const found: (readonly [boolean, string])[] = [
    [unshifted.n === cases, `quality.cases is ${cases} and its crossValidation has ${unshifted.n} unshifted`],
    [cases + shifted === passes, `quality.passes is ${passes}, and ${cases + shifted} follow from its crossValidation`],
    [`${stress?.families ?? []}` === `${names}`, 'quality.stress has other families than its crossValidation'],
    [names.every((name, i) => i === 0 || names[i - 1] < name), 'the families of quality are not sorted, each once'],
    [new Set(mirrorAxes).size === mirrorAxes.length, 'quality.mirrorAxes are not each once'],
    [(coverage === null) === (bound === null), 'quality.crossValidation has a coverage without a bound, or none'],
    [coverage === null || (coverage.covered <= coverage.n && coverage.n <= cases), 'quality covers more than there is'],
    [stress === null || stress.bound.kind === 'jackknife+', 'quality.stress is not drawn by the jackknife+'],
  ];
  if (bound) {
    found.push([boundKindOf(cases, bound.alpha) === bound.kind, `quality.bound is not the one of ${cases} cases`]);
    if (stress) found.push([stress.bound.alpha === bound.alpha, 'quality has two values of alpha']);
    const units = unitsOf(bound);
    if (bound.kind === 'split')
      found.push([units === asideOf(cases, bound.alpha), `quality.bound has ${units} units of ${cases} cases`]);
  }
  return found.flatMap(([right, sentence]) => (right ? [] : [sentence]));
}
