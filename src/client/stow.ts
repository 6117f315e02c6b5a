import type { FileRange } from '../files/file-range.js';
import { relatedBody } from '../protocol/multipart-related.js';
import { itemsOf, numberOf, readDataset } from './dicom-json.js';
import { addressOf, answerOf, askPeer, PeerError } from './peer.js';
import { type PeerAccess, peerHeaders, peerUrl, textOfAnswer } from './peer-access.js';

/** Attributes of the answer to a STOW-RS request (PS3.18, table I.1-1). */
const [REFERENCED, FAILED, OTHER_FAILURES, REASON] = ['00081199', '00081198', '0008119A', '00081197'];

/**
 * Sends DICOM files to an archive by STOW-RS (PS3.18, section 10.5), read as they are sent.
 *
 * @param url the root of its DICOMweb service, as `https://archive/dicom-web`
 * @throws PeerError where it could not be reached, or did not store all of them; its message holds
 *   neither credentials nor anything of a patient. SegcanaryError `usage` for what is no address,
 *   `timed-out`, `aborted`, `io` for a file that cannot be read
 */
export async function stow(url: string, files: readonly FileRange[], access: PeerAccess = {}): Promise<void> {
  const target = peerUrl(url, '/studies');
  const response = await askPeer(
    {
      ...access,
      url: target,
      method: 'POST',
      headers: { ...peerHeaders(access), accept: 'application/dicom+json' },
      body: relatedBody(files),
    },
    // Some, or none, were stored where it is 202, 400 or 409: the answer says which.
    [200, 202, 400, 409],
  );
  const status = response.statusCode!;
  const text = await textOfAnswer(answerOf(response, { ...access, url: target }), target);
  const why = failureIn(text, files.length, status);
  if (why !== null) throw new PeerError(addressOf(target), why, status);
}

/**
 * Why what was sent is not stored, or not all of it, as a sentence; null where it is. An answer
 * without a word is believed where its status is 200.
 */
export function failureIn(text: string, sent: number, status: number): string | null {
  let failed: readonly (number | null)[] = [];
  let stored: number | null = null;
  let isUnderstood = true;
  try {
    const answer = readDataset(text);
    stored = itemsOf(answer, REFERENCED)?.length ?? null;
    const items = [...(itemsOf(answer, FAILED) ?? []), ...(itemsOf(answer, OTHER_FAILURES) ?? [])];
    failed = items.map((item) => numberOf(item, REASON));
  } catch {
    // Some answer in XML, whatever they are asked for, and some with nothing.
    isUnderstood = false;
  }
  // A proxy that asks for a name and password does so with status 200 too.
  if (!isUnderstood && isPage(text))
    return 'it answered with a page for a browser, which says nothing of what it stored; check the address, and what stands before it.';
  if (failed.length > 0)
    return `it stored ${sent - Math.min(failed.length, sent)} of ${sent} objects and refused the others (${reasonsOf(failed)}).`;
  if (stored !== null && stored < sent)
    return `it stored ${stored} of ${sent} objects, and says nothing of the others; its own log says why.`;
  if (status >= 400 || (status === 202 && !isUnderstood))
    return `it did not store all of the ${sent} objects (status ${status}); its own log says why.`;
  return null;
}

/** Whether an answer is HTML, whatever type it says it has. */
const isPage = (text: string): boolean => /<(!doctype\s+html|html)[\s>]/i.test(text.slice(0, 1024));

/** What failure reasons mean (PS3.18, table I.2-2), by the first of the codes. */
const MEANINGS: readonly (readonly [number, number, string])[] = [
  [0x0110, 0x0110, 'it failed at processing them'],
  [0x0111, 0x0111, 'it has them already, and does not replace them'],
  [0x0122, 0x0122, 'it does not take objects of this kind'],
  [0x0124, 0x0124, 'it does not allow it'],
  [0x0131, 0x0131, 'it lacks the room or memory'],
  [0xa700, 0xa7ff, 'it lacks the room or memory'],
  [0xa900, 0xa9ff, 'the object does not fit its kind'],
  [0xc000, 0xcfff, 'it does not understand them'],
];

function reasonsOf(reasons: readonly (number | null)[]): string {
  const said = reasons.map((reason) => {
    if (reason === null) return 'without a reason';
    const [, , meaning = 'of a kind of its own'] = MEANINGS.find(([from, to]) => from <= reason && reason <= to) ?? [];
    return `${meaning}: 0x${reason.toString(16).toUpperCase().padStart(4, '0')}`;
  });
  return [...new Set(said)].slice(0, 3).join('; ');
}
