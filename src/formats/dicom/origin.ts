import { createHash, createHmac } from 'node:crypto';
import type { DicomHeader } from './dicom-header.js';

/** Where a scan comes from, in words that a server tags scans with; null where nothing is said. */
export interface ScanOrigin {
  readonly site: string | null;
  readonly scanner: string | null;
}

export interface OriginOptions {
  /**
   * Call a site by its Institution Name (0008,0080), and not by a hash of it.
   * @default false
   */
  readonly siteNames?: boolean | undefined;
}

/** Characters that a tag has at most, as `tag` in protocol/fields.ts. */
const LONGEST = 64;
/** Hexadecimal digits of a hash: 48 bits for a site, and of a name that is cut off. */
const DIGITS = 12;
const FEW_DIGITS = 6;

/**
 * Site and scanner of a scan, from its header: the institution (hashed with a key, so that the same
 * one has the same tag and nobody without the key can try names), and manufacturer, model, station
 * name and convolution kernel. So drift is watched for every scanner without anyone typing.
 *
 * @param key of the server
 */
export function originOf(
  { equipment, kernel }: Pick<DicomHeader, 'equipment' | 'kernel'>,
  key: string | Uint8Array,
  { siteNames = false }: OriginOptions = {},
): ScanOrigin {
  const { institution, manufacturer, model, station } = equipment;
  // Spaces and capitals are typed now one way and now another.
  const known = (institution ?? '').trim().replace(/\s+/g, ' ').toLowerCase();
  const hashed = () => `site-${createHmac('sha256', key).update(known).digest('hex').slice(0, DIGITS)}`;
  const scanner = [manufacturer, model, station, kernel].flatMap((part) => tagOf(part ?? '') ?? []).join(' ');
  return {
    site: known === '' ? null : ((siteNames ? tagOf(institution ?? '') : null) ?? hashed()),
    scanner: scanner === '' ? null : shortened(scanner),
  };
}

/** Text as a tag has it: without accents, and dashes for what else a tag does not have. */
function tagOf(text: string): string | null {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .replace(/\s+/g, ' ')
    .replace(/[^A-Za-z0-9 ._-]+/g, '-')
    .replace(/^[ -]+|[ -]+$/g, '');
  return plain === '' ? null : shortened(plain);
}

/** Cut off where it is too long, with the beginning of a hash, so that two stay two. */
function shortened(tag: string): string {
  if (tag.length <= LONGEST) return tag;
  const hash = createHash('sha256').update(tag).digest('hex').slice(0, FEW_DIGITS);
  return `${tag.slice(0, LONGEST - FEW_DIGITS - 1).trimEnd()}-${hash}`;
}
