import fc from 'fast-check';
import { expect, it } from 'vitest';
import { attachment } from '../../src/protocol/disposition.js';

it.each([
  ['scan.nii.gz', 'attachment; filename="scan.nii.gz"'],
  ['a "b".nii', `attachment; filename="a _b_.nii"; filename*=UTF-8''a%20%22b%22.nii`],
  ['Zähler.nii', `attachment; filename="Z_hler.nii"; filename*=UTF-8''Z%C3%A4hler.nii`],
  ['a\r\nX: y', `attachment; filename="a__X_ y"; filename*=UTF-8''a%0D%0AX%3A%20y`],
  ['../../pwned', 'attachment; filename="pwned"'],
  ['..\\..\\pwned', 'attachment; filename="pwned"'],
  ['..', 'attachment; filename="file"'],
  ['.bashrc', 'attachment; filename="bashrc"'],
  ["it's (1)*", `attachment; filename="it_s _1__"; filename*=UTF-8''it%27s%20%281%29%2A`],
  ['\ud800', `attachment; filename="_"; filename*=UTF-8''%EF%BF%BD`],
])('a file called %j', (name, expected) => {
  expect(attachment(name)).toBe(expected);
});

it('names a part, which need be no file', () => {
  expect(attachment(null, 'result')).toBe('attachment; name="result"');
  expect(attachment('a.nii', 'map')).toBe('attachment; name="map"; filename="a.nii"');
});

it('is one header of printable ASCII whatever a file is called, and says the name', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      const value = attachment(name);
      expect(value).toMatch(
        /^attachment; filename="[A-Za-z0-9 ._-]+"(; filename\*=UTF-8''([A-Za-z0-9._-]|%[0-9A-F]{2})+)?$/,
      );
      const [, encoded] = /filename\*=UTF-8''(.+)$/.exec(value) ?? [];
      const [, plain] = /filename="([^"]*)"/.exec(value)!;
      const said = encoded === undefined ? plain! : decodeURIComponent(encoded);
      expect(said).not.toMatch(/^\.|[/\\]/);
      expect(said === 'file' || name.endsWith(said) || /\p{Surrogate}/u.test(name)).toBe(true);
    }),
  );
});
