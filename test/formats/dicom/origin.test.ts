import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { originOf } from '../../../src/formats/dicom/origin.js';
import { tag } from '../../../src/protocol/fields.js';

const NONE = { institution: null, manufacturer: null, model: null, station: null };
const of = (equipment: Partial<Record<keyof typeof NONE, string>>, kernel: string | null = null) => ({
  equipment: { ...NONE, ...equipment },
  kernel,
});

describe('originOf', () => {
  it('says of a scanner what the header does, and hashes the institution with the key', () => {
    const header = of(
      { institution: 'St. Mary’s', manufacturer: 'SIEMENS', model: 'Sensation 64', station: 'CT54321' },
      'B40f',
    );
    const { site, scanner } = originOf(header, 'a key');
    expect(scanner).toBe('SIEMENS Sensation 64 CT54321 B40f');
    // printf "st. mary’s" | openssl dgst -sha256 -hmac 'a key'
    expect(site).toBe('site-700eefacd5c0');
    expect(originOf(header, 'another').site).not.toBe(site);
    expect(originOf(of({ institution: ' ST.  Mary’s ' }), 'a key').site).toBe(site);
  });

  it('calls a site by its name where that is allowed', () => {
    const name = (institution: string) => originOf(of({ institution }), 'a key', { siteNames: true }).site;
    expect(name('Hôpital St. Mary / North')).toBe('Hopital St. Mary - North');
    // Nothing of it can stand in a tag.
    expect(name('病院')).toMatch(/^site-[0-9a-f]{12}$/);
  });

  it('says nothing where the header does not', () => {
    expect(originOf(of({}), 'a key')).toEqual({ site: null, scanner: null });
    expect(originOf(of({ institution: ' ', manufacturer: '' }, ' '), 'a key')).toEqual({ site: null, scanner: null });
  });

  it('keeps apart what is cut off', () => {
    const long = (end: string) => originOf(of({ manufacturer: 'M'.repeat(80) + end }), 'a key').scanner;
    expect(long('a')).toHaveLength(64);
    expect(long('a')).not.toBe(long('b'));
  });

  it('gives tags that the server takes, whatever a header says', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.string({ maxLength: 100 }),
      fc.constant(null),
    );
    fc.assert(
      fc.property(
        text,
        text,
        text,
        text,
        text,
        fc.boolean(),
        (institution, manufacturer, model, station, kernel, siteNames) => {
          const header = { equipment: { institution, manufacturer, model, station }, kernel };
          for (const said of Object.values(originOf(header, 'a key', { siteNames })))
            if (said !== null) expect(tag.safeParse(said).success, said).toBe(true);
        },
      ),
    );
  });
});
