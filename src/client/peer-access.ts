import { SegcanaryError } from '../errors.js';
import { addressOf, PeerError } from './peer.js';

/** How another system is spoken to. */
export interface PeerAccess {
  /** Sent as a bearer token. Without one, credentials in the address are sent as basic ones. */
  readonly token?: string | null | undefined;
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Seconds without a byte in either direction. @default DEFAULT_LIMITS.stall */
  readonly stall?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Bytes of an answer that is held as a whole: ten thousand instances have some ten MB of JSON. */
const LONGEST_ANSWER = 64 * 2 ** 20;

/**
 * The address of a resource below the root of a service.
 *
 * @param path begins with a slash
 * @throws SegcanaryError `usage` for what is no address of HTTP
 */
export function peerUrl(root: string, path: string): URL {
  if (!URL.canParse(root) || !/^https?:$/.test(new URL(root).protocol))
    throw new SegcanaryError(
      'usage',
      'The address of the archive is none; give the root of its DICOMweb service, as https://archive/dicom-web.',
    );
  const url = new URL(root);
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}`;
  url.hash = '';
  return url;
}

/** The headers that say who asks. Node sends the credentials of an address by itself. */
export function peerHeaders({ token, headers }: PeerAccess): Record<string, string> {
  return { ...headers, ...(token && { authorization: `Bearer ${token}` }) };
}

/**
 * A short answer as text.
 *
 * @throws PeerError where it has no end; what the bytes throw
 */
export async function textOfAnswer(bytes: AsyncIterable<Uint8Array>, url: URL): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of bytes) {
    length += piece.length;
    if (length > LONGEST_ANSWER)
      throw new PeerError(addressOf(url), `its answer has more than ${LONGEST_ANSWER} bytes, and is not read.`, null);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString();
}
