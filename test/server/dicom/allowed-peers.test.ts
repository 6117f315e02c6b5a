import { expect, it } from 'vitest';
import { AllowedPeers, isAeTitle } from '../../../src/server/dicom/allowed-peers.js';

it('allows a title from its address, and from no other', () => {
  const allowed = new AllowedPeers(['CT1@192.0.2.7', 'MR 1@10.1.0.0/16', '*@2001:db8::/32', 'PACS@*', 'X@localhost']);
  const asked: [string, string, boolean][] = [
    ['CT1', '192.0.2.7', true],
    ['CT1', '::ffff:192.0.2.7', true],
    ['CT1', '192.0.2.8', false],
    ['ct1', '192.0.2.7', false],
    ['CT', '192.0.2.7', false],
    ['MR 1', '10.1.255.3', true],
    ['MR 1', '10.2.0.1', false],
    ['ANY', '2001:db8::9', true],
    ['ANY', '2001:db9::9', false],
    ['PACS', '203.0.113.1', true],
    ['X', '127.0.0.1', true],
    ['X', '::1', true],
    ['X', '', false],
  ];
  for (const [aet, address, expected] of asked)
    expect(allowed.allows(aet, address), `${aet}@${address}`).toBe(expected);
});

it.each([
  'CT1',
  '@192.0.2.7',
  'CT1@',
  'CT1@host',
  'CT1@10.0.0.0/33',
  'CT1@10.0.0.0/8/1',
  'A TITLE THAT IS TOO LONG@*',
  'A\\B@*',
])('refuses %s', (text) => {
  expect(() => new AllowedPeers([text])).toThrow(/`allow` .*give AET@HOST/);
});

it('knows AE titles', () => {
  expect(['A', 'CT 1', 'X'.repeat(16)].map(isAeTitle)).toEqual([true, true, true]);
  expect(['', ' A', 'A\\B', 'Ä', 'X'.repeat(17), 'A\nB'].map(isAeTitle)).toEqual([
    false,
    false,
    false,
    false,
    false,
    false,
  ]);
});
