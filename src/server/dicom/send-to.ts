import { PeerError } from '../../client/peer.js';
import type { PeerAccess } from '../../client/peer-access.js';
import { stow } from '../../client/stow.js';
import { SegcanaryError } from '../../errors.js';
import type { FileRange } from '../../files/file-range.js';
import { peerName } from '../../protocol/dimse/requestor.js';
import { storeFiles } from '../../protocol/dimse/store-files.js';
import { isAeTitle } from './allowed-peers.js';

/** Told what became of a file: null where the peer has it, else why it was refused. */
export type OnFile = (file: FileRange, error: SegcanaryError | null) => void | Promise<void>;

/** Where results are sent. */
export interface SendTarget {
  /** As messages have it: without credentials. */
  readonly name: string;
  /**
   * Sends files and tells of each that the peer took or refused.
   *
   * @throws SegcanaryError `peer-failed` where the peer is not there, or takes none at the moment;
   *   `aborted`
   */
  send(files: readonly FileRange[], onFile: OnFile, signal: AbortSignal): Promise<void>;
}

/** Statuses of an answer that is about the objects, and not about the server (PS3.18, 10.5.3). */
const ABOUT_OBJECTS = [200, 202, 400, 409];

/**
 * A target by its name: `AET@HOST:PORT` for C-STORE, `http(s)://…` for STOW-RS.
 *
 * @param calling AE title of our own
 * @param access how a DICOMweb service is told who sends
 * @throws SegcanaryError `usage`
 */
export function sendTarget(text: string, calling: string, access: SendAccess = {}): SendTarget {
  return isDicomWeb(text) ? dicomweb(text, access) : dimse(text, calling);
}

/** How a DICOMweb service is told who sends. */
export type SendAccess = Pick<PeerAccess, 'token' | 'headers'>;

/** Whether a target is a DICOMweb service, by its name. */
export const isDicomWeb = (text: string): boolean => /^https?:\/\//i.test(text);

function dimse(text: string, calling: string): SendTarget {
  const [, aet, bracketed, plain, digits] = /^([^@]+)@(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (aet === undefined || !isAeTitle(aet) || !(port >= 1 && port <= 65_535))
    throw new SegcanaryError(
      'usage',
      // What is no name of a peer may be an address with a password in it.
      `\`sendTo\`${text.includes('//') ? '' : ` ${text}`}: expected AET@HOST:PORT, as PACS@192.0.2.9:104, or the http(s) address of a DICOMweb service.`,
      { option: 'sendTo' },
    );
  const peer = { aet, host: bracketed ?? plain, port };
  return {
    name: peerName(peer),
    send: (files, onFile, signal) => storeFiles(files, { peer, calling, onFile, signal }),
  };
}

function dicomweb(text: string, access: SendAccess): SendTarget {
  if (!URL.canParse(text))
    throw new SegcanaryError('usage', '`sendTo` is no address of a DICOMweb service.', { option: 'sendTo' });
  const { origin, pathname } = new URL(text);
  return {
    name: `${origin}${pathname}`,
    async send(files, onFile, signal) {
      // One request each, so that what is refused keeps nothing else from being stored.
      for (const file of files) {
        try {
          await stow(text, [file], { ...access, signal });
        } catch (error) {
          if (!(error instanceof PeerError) || !ABOUT_OBJECTS.includes(error.status ?? 0)) throw error;
          await onFile(file, error);
          continue;
        }
        await onFile(file, null);
      }
    },
  };
}
