import { mkdirSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { type FileRange, readRange } from '../../src/files/file-range.js';
import type { DicomHeader } from '../../src/formats/dicom/dicom-header.js';
import { readDicomHeader } from '../../src/formats/dicom/header.js';
import { relatedBody, relatedParts } from '../../src/protocol/multipart-related.js';
import { httpPeer } from './http-peer.js';

const dataset = (values: Readonly<Record<string, readonly unknown[]>>) =>
  Object.fromEntries(Object.entries(values).map(([tag, Value]) => [tag, { vr: 'UN', Value }]));

/**
 * A small archive that speaks DICOMweb, for tests that need no other: QIDO-RS, WADO-RS and STOW-RS
 * over files. The real one is in test/dicom.
 */
export class DicomArchive {
  readonly url: string;
  /** What it keeps. */
  readonly objects: DicomHeader[] = [];
  /** Addresses that were asked, with their method. */
  readonly asked: string[] = [];
  /** What is sent in the place of an answer, where something is. */
  override: ((request: IncomingMessage, response: ServerResponse) => boolean) | null = null;
  readonly #folder: string;
  readonly #authorization: string | null;

  private constructor(url: string, folder: string, authorization: string | null) {
    this.url = url;
    this.#folder = folder;
    this.#authorization = authorization;
  }

  /** @param folder for what it is sent: made where it is missing */
  static async start(
    files: readonly FileRange[],
    folder: string,
    authorization: string | null = null,
  ): Promise<DicomArchive> {
    mkdirSync(folder, { recursive: true });
    const url = await httpPeer((request, response) => {
      archive.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    const archive = new DicomArchive(url, folder, authorization);
    for (const file of files) {
      const header = await readDicomHeader(file);
      if (header) archive.objects.push(header);
    }
    return archive;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url!, 'http://x');
    this.asked.push(`${request.method} ${pathname}`);
    if (this.#authorization !== null && request.headers.authorization !== this.#authorization) {
      request.resume();
      response.writeHead(401).end();
      return;
    }
    if (this.override?.(request, response)) return;
    const [, study, series, instance] =
      /^\/dicom-web\/studies(?:\/([\d.]+)(?:\/series(?:\/([\d.]+)(?:\/instances(?:\/([\d.]+))?)?)?)?)?$/.exec(
        pathname,
      ) ?? [];
    if (request.method === 'POST') return this.#store(request, response);
    const found = this.objects.filter(
      (object) =>
        object.study === study &&
        (series === undefined || object.series === series) &&
        (instance === undefined || object.sopInstance === instance),
    );
    if (pathname.endsWith('/series')) return this.#listSeries(found, response);
    const limit = Number(searchParams.get('limit') ?? found.length);
    if (pathname.endsWith('/instances')) {
      const some = found.slice(0, limit);
      response.end(
        JSON.stringify(some.map((one) => dataset({ '00080018': [one.sopInstance], '00080016': [one.sopClass] }))),
      );
      return;
    }
    if (found.length === 0) {
      response.writeHead(404).end();
      return;
    }
    const { body, contentType } = relatedBody(found.map(({ file }) => file));
    response.writeHead(200, { 'content-type': contentType });
    body.pipe(response);
  }

  #listSeries(found: readonly DicomHeader[], response: ServerResponse): void {
    const series = new Map(found.map((object) => [object.series, object]));
    const sets = [...series].map(([uid, { seriesNumber, modality, seriesDescription }]) =>
      dataset({
        '0020000E': [uid],
        '00200011': seriesNumber === null ? [] : [seriesNumber],
        '00080060': [modality],
        '0008103E': seriesDescription === null ? [] : [seriesDescription],
        '00201209': [found.filter((object) => object.series === uid).length],
      }),
    );
    if (sets.length === 0) response.writeHead(204).end();
    else response.end(JSON.stringify(sets));
  }

  async #store(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const stored: unknown[] = [];
    const parts = relatedParts(request.headers['content-type'] ?? '', request, { name: 'it', broken: 'usage' });
    for await (const { bytes } of parts) {
      const path = join(this.#folder, `${this.objects.length}.dcm`);
      const pieces: Buffer[] = [];
      for await (const piece of bytes) pieces.push(piece);
      const all = Buffer.concat(pieces);
      writeFileSync(path, all);
      const header = await readDicomHeader({ name: path, path, start: 0, length: all.length });
      if (!header) continue;
      this.objects.push(header);
      stored.push(dataset({ '00081155': [header.sopInstance] }));
    }
    response.end(JSON.stringify({ '00081199': { vr: 'SQ', Value: stored } }));
  }

  /** Bytes of an object. */
  bytes({ file }: DicomHeader): Promise<Buffer> {
    return readRange(file, 0, file.length);
  }
}
