import type { IncomingMessage } from 'node:http';
import { SegcanaryError } from '../errors.js';
import type { FileRange } from '../files/file-range.js';
import { DICOM_PARTS, relatedParts } from '../protocol/multipart-related.js';
import { type Dataset, numberOf, readDatasets, textOf } from './dicom-json.js';
import { addressOf, answerOf, askPeer, PeerError } from './peer.js';
import { type PeerAccess, peerHeaders, peerUrl, textOfAnswer } from './peer-access.js';
import { stow } from './stow.js';

export interface DicomWebOptions extends PeerAccess {
  /** The root of the service: `https://archive/dicom-web`. */
  readonly url: string;
}

/** What an archive says of a series. Nothing in it is of a patient. */
export interface ArchivedSeries {
  readonly series: string;
  readonly number: number | null;
  readonly modality: string | null;
  readonly description: string | null;
  /** Objects of the series; null where the archive does not say. */
  readonly instances: number | null;
}

/** What an archive says of an object. */
export interface ArchivedInstance {
  /** SOP Instance UID. */
  readonly instance: string;
  readonly sopClass: string | null;
}

/** Where objects are in an archive. */
export interface ArchivedObjects {
  readonly study: string;
  readonly series: string;
  /** One object of the series. @default all */
  readonly instance?: string | undefined;
}

/** Takes the bytes of one object after another. */
export type ObjectTaker = (bytes: AsyncIterable<Uint8Array>) => Promise<void>;

/** Attributes, by their tags. */
const TAG = {
  series: '0020000E',
  number: '00200011',
  modality: '00080060',
  description: '0008103E',
  instances: '00201209',
  instance: '00080018',
  sopClass: '00080016',
} as const;

const DICOM_JSON = 'application/dicom+json';
/** In the transfer syntax that they are kept in: the archive is to decompress nothing. */
const AS_KEPT = `${DICOM_PARTS}; transfer-syntax=*`;

/** A system that keeps DICOM objects and is spoken to by DICOMweb (PS3.18). */
export class DicomWeb {
  readonly #options: DicomWebOptions;

  /** @throws SegcanaryError `usage` for what is no address */
  constructor(options: DicomWebOptions) {
    peerUrl(options.url, '');
    this.#options = options;
  }

  /**
   * The series of a study, by QIDO-RS (PS3.18, section 10.6).
   *
   * @throws PeerError; SegcanaryError `usage` for what is no UID, `timed-out`, `aborted`
   */
  async series(study: string): Promise<ArchivedSeries[]> {
    const found = await this.#search(`/studies/${uid(study)}/series`, [TAG.description, TAG.instances]);
    return found.flatMap((dataset) => {
      const series = textOf(dataset, TAG.series);
      if (series === null) return [];
      return {
        series,
        number: numberOf(dataset, TAG.number),
        modality: textOf(dataset, TAG.modality),
        description: textOf(dataset, TAG.description),
        instances: numberOf(dataset, TAG.instances),
      };
    });
  }

  /**
   * The objects of a series, by QIDO-RS.
   *
   * @param most as many as are wanted
   * @throws as `series`
   */
  async instances({ study, series }: ArchivedObjects, most?: number): Promise<ArchivedInstance[]> {
    const found = await this.#search(`/studies/${uid(study)}/series/${uid(series)}/instances`, [], most);
    return found.flatMap((dataset) => {
      const instance = textOf(dataset, TAG.instance);
      return instance === null ? [] : { instance, sopClass: textOf(dataset, TAG.sopClass) };
    });
  }

  /**
   * Fetches objects by WADO-RS (PS3.18, section 10.4), in the transfer syntax that they are kept
   * in, and hands them on one after another as they come.
   *
   * @returns how many there were
   * @throws PeerError, also where only a part of them is given; SegcanaryError `usage` for what is
   *   no UID, `truncated`, `timed-out`, `aborted`; what the taker throws
   */
  async retrieve({ study, series, instance }: ArchivedObjects, take: ObjectTaker): Promise<number> {
    const path = instance === undefined ? '' : `/instances/${uid(instance)}`;
    const url = peerUrl(this.#options.url, `/studies/${uid(study)}/series/${uid(series)}${path}`);
    const response = await this.#ask(url, AS_KEPT, [200]);
    const parts = relatedParts(response.headers['content-type'] ?? '', answerOf(response, { ...this.#options, url }), {
      name: addressOf(url),
      broken: 'peer-failed',
    });
    let count = 0;
    try {
      for await (const { type, bytes } of parts) {
        if (type.essence !== '' && type.essence !== 'application/dicom')
          throw new PeerError(
            addressOf(url),
            'it answered with parts that are no DICOM files; check that the address is the root of its DICOMweb service.',
            response.statusCode!,
          );
        await take(bytes);
        count++;
      }
    } finally {
      response.destroy();
    }
    return count;
  }

  /**
   * Sends files by STOW-RS.
   *
   * @throws as `stow`
   */
  store(files: readonly FileRange[]): Promise<void> {
    return stow(this.#options.url, files, this.#options);
  }

  /** What a search finds, all of its pages. */
  async #search(path: string, fields: readonly string[], most = Number.POSITIVE_INFINITY): Promise<Dataset[]> {
    const found: Dataset[] = [];
    for (;;) {
      const url = peerUrl(this.#options.url, path);
      for (const field of fields) url.searchParams.append('includefield', field);
      if (found.length > 0) url.searchParams.set('offset', String(found.length));
      if (Number.isFinite(most)) url.searchParams.set('limit', String(most));
      const response = await this.#ask(url, DICOM_JSON, [200, 204]);
      const text = await textOfAnswer(answerOf(response, { ...this.#options, url }), url);
      const page = text.trim() === '' ? [] : datasetsIn(text, url, response);
      found.push(...page);
      // Whoever has more to give says so (PS3.18, section 10.6.3.1.1).
      const hasMore = /^\s*299\b/.test(String(response.headers.warning ?? ''));
      if (!hasMore || page.length === 0 || found.length >= Math.min(most, MOST_FOUND)) return found.slice(0, most);
    }
  }

  #ask(url: URL, accept: string, accepted: readonly number[]): Promise<IncomingMessage> {
    return askPeer({ ...this.#options, url, headers: { ...peerHeaders(this.#options), accept } }, accepted);
  }
}

/** Results that are asked for in pages: more than any study or series has. */
const MOST_FOUND = 2 ** 18;

function datasetsIn(text: string, url: URL, response: IncomingMessage): Dataset[] {
  try {
    return readDatasets(text);
  } catch (cause) {
    throw new PeerError(
      addressOf(url),
      'it answered with something else than DICOM JSON; check that the address is the root of its DICOMweb service.',
      response.statusCode!,
      cause,
    );
  }
}

/**
 * A UID as it stands in an address (PS3.5, section 9.1).
 *
 * @throws SegcanaryError `usage`
 */
function uid(text: string): string {
  if (!/^[0-9.]{1,64}$/.test(text) || /^\.+$/.test(text))
    throw new SegcanaryError('usage', 'is no UID; one has up to 64 digits and dots.', { subject: text });
  return text;
}
