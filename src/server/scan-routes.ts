import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { SegcanaryError } from '../errors.js';
import { MixedBody } from '../protocol/mixed-body.js';
import { KEPT_IMAGES, type ScanRecord } from '../protocol/record.js';
import { errorBody, idParams, listQuery, postQuery, record, scanList, scoreBody } from '../protocol/schemas.js';
import { type AcceptedScan, lineOf } from './accepted-scan.js';
import { sendEvents } from './events.js';
import { errorAnswer, HttpError } from './http-error.js';
import { isScanId } from './scan-id.js';
import type { ServedDetector } from './served.js';
import type { ScanService } from './service.js';
import { refuseUpload, storedScan, type UploadOptions, uploadedScan } from './upload.js';

type PostQuery = z.output<typeof postQuery>;

/** Sending scans, and asking what became of them. */
export async function scanRoutes(base: FastifyInstance, { service }: { readonly service: ScanService }): Promise<void> {
  const app = base.withTypeProvider<ZodTypeProvider>();
  const { store, images } = service.options;
  const errors = { 400: errorBody, 401: errorBody, 404: errorBody };

  app.post(
    '/v1/scans',
    {
      schema: {
        summary: 'Scores a scan',
        description:
          'The body is the scan, .nii or .nii.gz; of several channels, a form with one file each. With `Prefer: respond-async` the answer comes at once, and the result under its Location.',
        tags: ['scans'],
        consumes: ['application/gzip', 'application/octet-stream', 'multipart/form-data'],
        querystring: postQuery,
        response: {
          200: scoreBody,
          202: record,
          ...errors,
          408: errorBody,
          413: errorBody,
          415: errorBody,
          422: errorBody,
          429: errorBody,
          503: errorBody,
        },
      },
    },
    async (request, reply) => {
      const { query } = request;
      const detector = namedDetector(service, query.detector);
      refuseWish(query, detector);
      if (request.headers['content-type'] === undefined)
        throw new HttpError(
          415,
          'unsupported-media-type',
          'The body has no content type; send application/gzip, application/octet-stream or multipart/form-data.',
        );
      const channels = detector.detector.description.plan.channels.map(({ name }) => name);
      refuseUpload(request, service.options.limits, channels.length);
      const scan = await service.accept({
        detector,
        case: query.case,
        site: query.site ?? null,
        scanner: query.scanner ?? null,
        volume: query.volume,
        segment: query.segment === '1',
      });
      const upload: UploadOptions = {
        name: query.case,
        channels,
        limits: service.options.limits,
        files: scan.files,
        signal: scan.signal,
        keepImage: service.options.keepFlagged,
      };
      reply.header('location', `/v1/scans/${scan.id}`);
      if (/\brespond-async\b/i.test(String(request.headers.prefer ?? ''))) return later(request, reply, scan, upload);
      reply.raw.on('close', () => {
        if (!reply.raw.writableFinished) scan.cancel();
      });
      const open = () => uploadedScan(request, upload);
      return query.mask === '1' || query.segment === '1'
        ? mixed(reply, scan, query, open, service.options.limits.stall)
        : plain(reply, scan, query, open);
    },
  );

  /** Answers when the scan is here; it is scored when its turn comes. */
  async function later(request: FastifyRequest, reply: FastifyReply, scan: AcceptedScan, upload: UploadOptions) {
    let open: Awaited<ReturnType<typeof storedScan>>;
    try {
      open = await storedScan(request, upload);
    } catch (error) {
      // Lets the scan fail as any other does: record, place and files.
      await scan.run(() => Promise.reject(error as Error)).catch(() => {});
      throw error;
    }
    scan.run(open).catch(() => {});
    return reply
      .code(202)
      .header('preference-applied', 'respond-async')
      .send(view(service, store.get(scan.id)!));
  }

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
    async ({ query }) => {
      const { scans, next } = store.list({
        ...query,
        from: query.from && Date.parse(query.from),
        to: query.to && Date.parse(query.to),
      } as Parameters<typeof store.list>[0]);
      return { scans: scans.map((scan) => view(service, scan)), next };
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
    async ({ params }) => view(service, known(params.id)),
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
          return found && view(service, found);
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
        const found = await images.read(known(params.id).id, name);
        if (!found)
          throw new HttpError(
            404,
            'not-found',
            `The ${name} of this scan was not kept; the server keeps those of flagged scans with --keep-flagged.`,
          );
        return reply
          .type(found.isGzip ? 'application/gzip' : 'application/octet-stream')
          .header('content-length', found.size)
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
      return reply.code(204).send(null);
    },
  );

  function known(id: string): ScanRecord {
    const found = isScanId(id) ? store.get(id) : null;
    if (!found) throw new HttpError(404, 'not-found', `There is no scan ${id}; it may have been removed.`);
    return found;
  }
}

/** The detector of a name, or the first. */
export function namedDetector(service: ScanService, name: string | undefined): ServedDetector {
  const { detectors } = service.options;
  const found = name === undefined ? [...detectors.values()][0] : detectors.get(name);
  if (!found)
    throw new HttpError(
      404,
      'not-found',
      `There is no detector ${name}; there are ${[...detectors.keys()].join(', ')}.`,
    );
  return found;
}

function refuseWish({ mask, segment }: PostQuery, { name, detector, segmenting }: ServedDetector): void {
  if (mask === '1' && detector.kind !== 'features')
    throw new SegcanaryError('usage', `${name} judges a scan as a whole and gives no mask; leave mask out.`);
  if (segment === '1' && !segmenting)
    throw new SegcanaryError(
      'usage',
      'This server was started without a model and segments nothing; leave segment out.',
    );
}

/** A record as clients see it. */
function view(service: ScanService, scan: ScanRecord) {
  return {
    ...scan,
    progress: service.progress(scan.id),
    result: scan.result && (lineOf(scan.result) as z.output<typeof scoreBody>),
    explanation: scan.explanation as Record<string, unknown> | null,
    kept: [...scan.kept],
  };
}

type Open = Parameters<AcceptedScan['run']>[0];

/** The result as `segcanary score` prints it, byte for byte. */
async function plain(reply: FastifyReply, scan: AcceptedScan, query: PostQuery, open: Open) {
  const { line, explanation } = await scan.run(open);
  return reply.type('application/json').send(`${JSON.stringify(withWish(line, explanation, query))}\n`);
}

const withWish = (line: object, explanation: object | null, { explain }: PostQuery): object =>
  explain === '1' ? { ...line, explanation } : line;

/** The maps as they are made, and the result behind them. */
async function mixed(reply: FastifyReply, scan: AcceptedScan, query: PostQuery, open: Open, patience: number) {
  const out = new MixedBody(patience);
  const name = query.case;
  const mask =
    query.mask === '1' ? out.part('uncertainty', 'application/gzip', `${name}_uncertainty.nii.gz`) : undefined;
  const judged = scan.run(open, { mask });
  const answer = async () => {
    try {
      const { line, explanation, segmentation } = await judged;
      if (segmentation)
        await out.stream('segmentation', 'application/gzip', `${name}.nii.gz`, segmentation.createReadStream());
      await out.json('result', withWish(line, explanation, query));
    } catch (error) {
      if (out.body.destroyed) return;
      await out.json('result', errorAnswer(error).body);
    }
  };
  // Until the first byte the answer may still be an error with a status of its own.
  await Promise.race([out.begun, judged]);
  answer().catch((error: unknown) => out.body.destroy(error as Error));
  return reply.type(out.contentType).send(out.body);
}
