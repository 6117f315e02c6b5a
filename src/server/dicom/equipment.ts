import { createHmac } from 'node:crypto';
import type { DicomHeader } from '../../formats/dicom/dicom-header.js';

/** Characters of a tag at most: what `site` and `scanner` of a request may have. */
const LONGEST = 64;

/**
 * Where a scan comes from, as a tag that drift is watched by: the institution's name, hashed with
 * the server's key unless names are allowed in clear. Null where the header has none.
 */
export function siteOf({ equipment: { institution } }: DicomHeader, key: string, inClear: boolean): string | null {
  // Case and spaces are typed differently from room to room.
  const name = (institution ?? '').trim().replace(/\s+/g, ' ');
  if (name === '') return null;
  if (inClear) return tagOf([name], LONGEST);
  return `site-${createHmac('sha256', key).update(name.toLowerCase()).digest('hex').slice(0, 12)}`;
}

/**
 * What made a scan, as a tag: manufacturer, model, station and kernel, as far as the header names
 * them, each shortened so that the last is seen too. Null where it names none.
 */
export function scannerOf({ equipment: { manufacturer, model, station }, kernel }: DicomHeader): string | null {
  return tagOf([manufacturer, model, station, kernel], LONGEST / 4 - 1);
}

/** Letters, digits, spaces, dots, dashes and underscores are what a tag may have. */
function tagOf(parts: readonly (string | null)[], longest: number): string | null {
  const said = parts
    .map((part) =>
      (part ?? '')
        .normalize('NFKD')
        .replace(/\p{M}/gu, '')
        .replace(/[^A-Za-z0-9 ._-]+/g, '-')
        .trim()
        .slice(0, longest)
        .trim(),
    )
    .filter((part) => /[A-Za-z0-9]/.test(part));
  return said.length === 0 ? null : said.join(' ');
}
