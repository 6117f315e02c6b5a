import { expect, it } from 'vitest';
import { nearestNames } from '../../src/maths/nearest-names.js';

it('gives the names that share most with the one asked for, three of them at most', () => {
  const known = ['detector', 'case', 'site', 'scanner', 'volume'];
  expect(nearestNames('dectector', known)[0]).toBe('detector');
  expect(nearestNames('Sites', known)[0]).toBe('site');
  expect(nearestNames('volumes', known)).toHaveLength(3);
  expect(nearestNames('x', ['site'])).toEqual(['site']);
});
