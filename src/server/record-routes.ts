import type { FastifyInstance } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { attachment } from '../protocol/disposition.js';
import { errorBody } from '../protocol/error-schema.js';
import { idParams, KEPT_IMAGES, type KeptImage, listQuery, record, scanList } from '../protocol/record.js';
import { sendEvents } from './events.js';
import { HttpError } from './http-error.js';
import type { ImageFolder } from './images.js';
import { viewOf } from './record-view.js';
import { isScanId } from './scan-id.js';
import type { ScanRecord } from './scan-record.js';
import type { ScanService } from './service.js';
import type { ScanStore } from './store.js';

export interface RecordRoutesOptions {
  readonly service: ScanService;
  readonly store: ScanStore;
  readonly images: ImageFolder;
  /** Whether images of flagged scans are kept. */
  readonly keepFlagged: boolean;
  /** Told of scans that a client removed; null where none comes by DICOM. */
  readonly door: { forget(scan: string): Promise<void> } | null;
}

/** What became of scans: their records, progress and images. */
export async function recordRoutes(
  base: FastifyInstance,
  { service, store, images, keepFlagged, door }: RecordRoutesOptions,
): Promise<void> {
  const app = base.withTypeProvider<ZodTypeProvider>();
  const errors = { 400: errorBody, 401: errorBody, 404: errorBody };

  app.get(
    '/v1/scans',
    {
      schema: {
        summary: 'Records of scans, newest first',
        tags: ['scans'],
        querystring: listQuery,
        response: { 200: scanList, ...errors },
      },
    },
    async ({ query: { from, to, ...query } }) => {
      const { scans, next } = store.list({
        ...query,
        from: from === undefined ? undefined : Date.parse(from),
        to: to === undefined ? undefined : Date.parse(to),
      });
      return { scans: scans.map((scan) => viewOf(scan, service)), next };
    },
  );
  app.get(
    '/v1/scans/:id',
    {
      schema: {
        summary: 'The record of a scan',
        tags: ['scans'],
        params: idParams,
        response: { 200: record, ...errors },
      },
    },
    async ({ params }) => viewOf(known(params.id), service),
  );
  app.get(
    '/v1/scans/:id/events',
    {
      schema: {
        summary: 'Server-sent events: progress, then done or failed',
        tags: ['scans'],
        params: idParams,
        response: errors,
      },
    },
    async ({ params }, reply) => {
      known(params.id);
      return sendEvents(reply, {
        watch: (onProgress, onEnd) => service.watch(params.id, onProgress, onEnd),
        record: () => {
          const found = store.get(params.id);
          return found && viewOf(found, service);
        },
      });
    },
  );
  for (const name of KEPT_IMAGES) {
    app.get(
      `/v1/scans/:id/${name}`,
      {
        schema: { summary: `The ${name} of a flagged scan`, tags: ['scans'], params: idParams, response: errors },
      },
      async ({ params }, reply) => {
        const { id, case: caseName } = known(params.id);
        const found = await images.read(id, name);
        if (!found)
          throw new HttpError(
            404,
            'not-found',
            `The ${name} of this scan was not kept; ${keepFlagged ? 'this server keeps those of flagged scans alone' : 'this server is set to keep no images'}.`,
          );
        return reply
          .type(found.isGzip ? 'application/gzip' : 'application/octet-stream')
          .header('content-length', found.size)
          .header('content-disposition', attachment(fileNameOf(caseName, name, found.isGzip)))
          .send(found.bytes as never);
      },
    );
  }
  app.delete(
    '/v1/scans/:id',
    {
      schema: {
        summary: 'Gives up a scan that is under way, forgets one that has ended',
        tags: ['scans'],
        params: idParams,
        response: { 204: z.null(), ...errors },
      },
    },
    async ({ params }, reply) => {
      known(params.id);
      await service.remove(params.id);
      await door?.forget(params.id);
      return reply.code(204).send(null);
    },
  );

  function known(id: string): ScanRecord {
    const found = isScanId(id) ? store.get(id) : null;
    if (!found) throw new HttpError(404, 'not-found', `There is no scan ${id}; it may have been removed.`);
    return found;
  }
}

/** What an image is called by whoever keeps it: as `segcanary segment` names its outputs. */
const fileNameOf = (caseName: string, image: KeptImage, isGzip: boolean): string => {
  const what = image === 'segmentation' ? '' : `_${image === 'image' ? '0000' : image}`;
  return `${caseName}${what}.nii${isGzip ? '.gz' : ''}`;
};
